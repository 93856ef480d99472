/** What the measure of a charge is called: the question of the checklist it stands for, nothing for a whole case. */
import { useChecklists } from '@/stores/checklists'
import type { Charge } from './sums'

export function useMeasures() {
  const checklists = useChecklists()

  /** The question's text; empty where the charge is for the case as a whole. */
  function nameOf({ measure, pack_hash }: Pick<Charge, 'measure' | 'pack_hash'>, kind: string): string {
    const text = checklists.question(pack_hash, kind, measure)
    return text === measure ? '' : text
  }

  return { nameOf }
}
