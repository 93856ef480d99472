/** Kinds of targets of the pack in force today, with the facts that their entries carry. */
import { send } from '@/api/client'
import { problemOf } from '@/api/problem'
import { useResource, type Resource } from '@/composables/resource'
import { named } from '@/messages'

interface Named {
  code: string
  zh: string
  en: string
}

export type Fact = Named & { required: boolean } & (
    | { type: 'flag' | 'text' | 'date' }
    | { type: 'number'; unit: string; min: number; max: number }
    | { type: 'choice'; choices: Named[] }
  )

export interface Kind extends Named {
  facts: Fact[]
  questions: (Named & { item: string; clause?: string | null; reading?: string | null })[]
  measurements: (Named & { unit: string; min: number; max: number })[]
}

export function useKinds(): Resource<Kind[]> {
  return useResource(
    async () => {
      const response = await send(new Request(`${location.origin}/api/v1/kinds`))
      if (!response.ok) throw await problemOf(response)
      return (await response.json()) as Kind[]
    },
    { changes: ['pack'] },
  )
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
