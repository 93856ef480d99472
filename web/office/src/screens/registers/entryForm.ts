/**
 * Editing a register's entry on the version it was read in. Where somebody else changed it meanwhile nothing is
 * overwritten: what differs is shown both ways, and the person decides field by field.
 */
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { useAction } from '@/composables/action'

/** An entry as the server has it. */
export interface Stored<Form> {
  form: Form
  version: number
}

/** A field that this person and somebody else left in different states. */
export interface Difference {
  field: string
  mine: unknown
  theirs: unknown
}

export type Side = 'mine' | 'theirs'

export interface EntryForm<Form> {
  form: Ref<Form>
  /** Absent while the entry is new. */
  version: ShallowRef<number | undefined>
  differences: ComputedRef<Difference[]>
  choices: Ref<Record<string, Side>>
  running: Ref<boolean>
  fault: Ref<unknown>
  /** Begins with a new entry or with one as it stands. */
  begin(form: Form, version?: number): void
  /** Whether it was saved. */
  save(): Promise<boolean>
}

const CHANGED_BY_OTHERS = new Set(['register_changed', 'target_changed'])

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null)
}

export function useEntryForm<Form extends object>(
  blank: () => Form,
  store: {
    create: (form: Form) => Promise<unknown>
    change: (form: Form, version: number) => Promise<unknown>
    /** The entry as it stands now. */
    fetch: (form: Form) => Promise<Stored<Form>>
  },
): EntryForm<Form> {
  const form = ref(blank()) as Ref<Form>
  const base = shallowRef<Form>()
  const version = shallowRef<number>()
  const theirs = shallowRef<Stored<Form>>()
  const choices = ref<Record<string, Side>>({})

  function pairs(of: Form): [string, unknown][] {
    return Object.entries(of)
  }

  const differences = computed(() => {
    if (!theirs.value) return []
    const now = Object.fromEntries(pairs(theirs.value.form))
    return pairs(form.value)
      .filter(([field, mine]) => !same(mine, now[field]))
      .map(([field, mine]) => ({ field, mine, theirs: now[field] }))
  })

  function begin(next: Form, at?: number): void {
    form.value = structuredClone(next)
    base.value = structuredClone(next)
    version.value = at
    theirs.value = undefined
    choices.value = {}
    action.clear()
  }

  /** What somebody else made of it, with the own changes proposed where there are any. */
  async function compare(): Promise<void> {
    theirs.value = await store.fetch(form.value)
    const before = base.value ? Object.fromEntries(pairs(base.value)) : {}
    choices.value = Object.fromEntries(
      differences.value.map(({ field, mine }) => [field, same(mine, before[field]) ? 'theirs' : 'mine'] as const),
    )
  }

  function decided(): Form {
    const taken = differences.value.filter(({ field }) => choices.value[field] === 'theirs')
    return { ...form.value, ...Object.fromEntries(taken.map(({ field, theirs: other }) => [field, other])) }
  }

  const action = useAction(async (content: { form: Form; version: number | undefined }) => {
    if (content.version === undefined) await store.create(content.form)
    else await store.change(content.form, content.version)
  })

  async function save(): Promise<boolean> {
    const content = { form: decided(), version: theirs.value?.version ?? version.value }
    if (await action.run(content)) return true
    const fault = action.fault.value
    if (fault instanceof ApiProblem && CHANGED_BY_OTHERS.has(fault.code)) {
      await compare().catch((error: unknown) => (action.fault.value = error))
    }
    return false
  }

  return { form, version, differences, choices, running: action.running, fault: action.fault, begin, save }
}
