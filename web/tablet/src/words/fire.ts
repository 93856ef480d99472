/** What can be reported quickly: the questions about burning that the pack in force has, under a word for a thumb. */
import type { Kind, Lead } from '@/core/client'

export interface FireChoice {
  kind: string
  question: string
  item: string
  /** Whether the pack charges each fire point. */
  counts: boolean
  text: string
}

/** Kinds in whose checklists burning stands, the ones for spots. */
const KINDS = ['straw_point', 'other']

/** Questions of the five packs, under the same word where they ask for the same. */
const WORDS: readonly { text: string; questions: readonly string[] }[] = [
  { text: 'fire.straw', questions: ['no_straw_burning', 'no_burning'] },
  { text: 'fire.waste', questions: ['no_waste_burning'] },
  { text: 'fire.burning', questions: ['no_open_burning'] },
  { text: 'fire.fireworks', questions: ['no_fireworks_set_off', 'no_fireworks'] },
  { text: 'fire.barbecue', questions: ['no_barbecue'] },
]

/** `counted`: items that charge each fire point. */
export function fireChoices(kinds: readonly Kind[], counted: ReadonlySet<string>): FireChoice[] {
  return WORDS.flatMap(({ text, questions }) => {
    for (const code of KINDS) {
      const question = kinds.find((kind) => kind.code === code)?.questions.find((some) => questions.includes(some.code))
      if (question) return [{ kind: code, question: question.code, item: question.item, counts: counted.has(question.item), text }]
    }
    return []
  })
}

/** The leads that nobody has verified, as far as the register knows. */
export function openLeads(leads: readonly Lead[]): Lead[] {
  return leads.filter(({ state }) => state === 'lead')
}
