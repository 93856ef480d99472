/** Begins an inspection: the draft is durable before its screen opens. */
import { useRouter } from 'vue-router'
import type { Visit } from '@/core/client'
import { core, useDoing } from '@/stores/core'
import { usePosition } from '@/stores/position'
import { isRecent } from '@/words/fix'
import { emptyVisit } from './draft'

export function useInspectionStart() {
  const router = useRouter()
  const position = usePosition()
  return useDoing(async (given: Pick<Visit, 'kind' | 'target'>) => {
    const visit: Visit = { ...emptyVisit(), ...given, occurred_at: new Date().toISOString() }
    if (isRecent(position.fix, new Date())) visit.fix = position.fix
    const { inspection_id } = await core().beginDraft(visit)
    await router.push(`/inspect/${inspection_id}`)
  })
}
