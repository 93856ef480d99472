import { describe, expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { useEntryForm, type Stored } from './entryForm'

interface Unit {
  name: string
  code: string
}

const changed = () =>
  new ApiProblem({ type: '', code: 'register_changed', status: 409, title: '已被他人修改', title_en: 'changed' })

/** A register of one entry that refuses changes of any version but its own. */
function register(stored: Stored<Unit>) {
  const form = useEntryForm<Unit>(() => ({ name: '', code: '' }), {
    create: () => Promise.resolve(),
    change: (unit, version) => {
      if (version !== stored.version) return Promise.reject(changed())
      stored = { form: unit, version: version + 1 }
      return Promise.resolve()
    },
    fetch: () => Promise.resolve(stored),
  })
  return { form, stored: () => stored }
}

describe('a form of an entry that somebody else changed', () => {
  it('shows what differs, proposes the own changes and takes over the others, and saves what was decided', async () => {
    const { form, stored } = register({ form: { name: '住建局', code: '202009' }, version: 2 })
    form.begin({ name: '住房和城乡建设局', code: '202001' }, 1)
    form.form.value.name = '区住建局'
    expect(await form.save()).toBe(false)
    expect(form.differences.value).toEqual([
      { field: 'name', mine: '区住建局', theirs: '住建局' },
      { field: 'code', mine: '202001', theirs: '202009' },
    ])
    expect(form.choices.value).toEqual({ name: 'mine', code: 'theirs' })
    expect(await form.save()).toBe(true)
    expect(stored()).toEqual({ form: { name: '区住建局', code: '202009' }, version: 3 })
  })

  it('saves what the other one wrote where the person chose that', async () => {
    const { form, stored } = register({ form: { name: '住建局', code: '202001' }, version: 2 })
    form.begin({ name: '住房和城乡建设局', code: '202001' }, 1)
    form.form.value.name = '区住建局'
    await form.save()
    form.choices.value = { name: 'theirs' }
    expect(await form.save()).toBe(true)
    expect(stored().form).toEqual({ name: '住建局', code: '202001' })
  })
})

it('a refusal for another reason is shown and nothing is compared', async () => {
  const form = useEntryForm<Unit>(() => ({ name: '', code: '' }), {
    create: () => Promise.reject(new ApiProblem({ type: '', code: 'unit_code_taken', status: 409, title: '', title_en: '' })),
    change: () => Promise.resolve(),
    fetch: () => Promise.reject(new Error('not asked')),
  })
  form.form.value.name = '新单位'
  expect(await form.save()).toBe(false)
  expect(form.differences.value).toEqual([])
  expect(form.form.value.name).toBe('新单位')
})
