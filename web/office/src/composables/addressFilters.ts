/**
 * Filters that live in the address bar: a list can be bookmarked, sent to a colleague and gone back to. Every filter
 * is a text; an empty one is not in the address.
 */
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'

export type Filters<Name extends string> = Record<Name, WritableComputedRef<string>>

export interface AddressFilters<Name extends string> {
  filters: Filters<Name>
  /** Those that are set, for a request. */
  set: () => Partial<Record<Name, string>>
  /** Sets several at once; other paging begins anew. */
  change(values: Partial<Record<Name, string>>): void
  clear(): void
}

/** Where the pages that were turned are kept. */
const PAGES = 'pages'

export function useAddressFilters<Name extends string>(names: readonly Name[]): AddressFilters<Name> {
  const route = useRoute()
  const router = useRouter()

  function read(name: string): string {
    const value = route.query[name]
    return (Array.isArray(value) ? value[0] : value) ?? ''
  }

  function change(values: Partial<Record<Name, string>>): void {
    const query: LocationQueryRaw = { ...route.query, [PAGES]: undefined }
    for (const [name, value] of Object.entries(values) as [Name, string | undefined][]) {
      query[name] = value === undefined || value === '' ? undefined : value
    }
    void router.replace({ query })
  }

  const filters = Object.fromEntries(
    names.map((name) => [
      name,
      computed({ get: () => read(name), set: (value: string | null) => change({ [name]: value ?? '' } as Partial<Record<Name, string>>) }),
    ]),
  ) as Filters<Name>

  function set(): Partial<Record<Name, string>> {
    return Object.fromEntries(names.map((name) => [name, read(name)]).filter(([, value]) => value !== '')) as Partial<
      Record<Name, string>
    >
  }

  function clear(): void {
    change(Object.fromEntries(names.map((name) => [name, ''])) as Partial<Record<Name, string>>)
  }

  return { filters, set, change, clear }
}

/** Pages by the server's opaque cursor: those turned so far are in the address, so that going back works. */
export function useAddressPages() {
  const route = useRoute()
  const router = useRouter()
  const turned = computed(() => {
    const value = route.query[PAGES]
    return typeof value === 'string' && value !== '' ? value.split('~') : []
  })
  const cursor = computed(() => turned.value.at(-1))
  const number = computed(() => turned.value.length + 1)

  function go(cursors: string[]): void {
    void router.push({ query: { ...route.query, [PAGES]: cursors.length > 0 ? cursors.join('~') : undefined } })
  }

  return {
    cursor,
    number,
    next: (to: string) => go([...turned.value, to]),
    previous: () => go(turned.value.slice(0, -1)),
  }
}
