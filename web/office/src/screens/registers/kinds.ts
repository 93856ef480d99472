/** Kinds of targets of the pack in force today, with the facts that their entries carry. */
import type { Api } from '@lantian/shared/api/types'
import { answer, api } from '@/api/client'
import { useResource, type Resource } from '@/composables/resource'
import { named } from '@/messages'

export type Kind = Api<'KindView'>
export type Fact = Kind['facts'][number]

export function useKinds(): Resource<Kind[]> {
  return useResource(() => answer(api.GET('/api/v1/kinds')), { changes: ['pack'] })
}

/** A fact's value as people read it. */
export function factText(fact: Fact, value: unknown, yesNo: { yes: string; no: string }): string {
  if (value === undefined || value === null || value === '') return ''
  if (fact.type === 'flag') return value === true ? yesNo.yes : yesNo.no
  if (fact.type === 'number') return `${String(value)} ${fact.unit}`
  if (fact.type === 'choice') {
    const choice = fact.choices.find(({ code }) => code === value)
    return choice ? named(choice) : String(value)
  }
  return String(value)
}
