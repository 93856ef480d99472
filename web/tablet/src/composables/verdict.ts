/** What a tap on a verdict does to an answer. A glove that bounces takes nothing back, and no work goes unasked. */
import type { Answer, Verdict } from '@/core/client'

/** A second tap on the same button within this time is the same tap. */
export const BOUNCE_MILLISECONDS = 600

/** Says of each tap, with its time in milliseconds, whether it is meant. */
export function useBounce(): (verdict: Verdict, at: number) => boolean {
  let last: { verdict: Verdict; at: number } | undefined
  return (verdict, at) => {
    if (last?.verdict === verdict && at - last.at < BOUNCE_MILLISECONDS) return false
    last = { verdict, at }
    return true
  }
}

/** Whether work hangs on the answer that the next verdict, or none, would drop or turn into evidence of nothing. */
export function dropsWork(answer: Answer | undefined, photos: number, next: Verdict | undefined): boolean {
  if (!answer || (answer.note === '' && answer.points.length === 0 && photos === 0)) return false
  return next === undefined || (answer.verdict === 'fail' && next !== 'fail')
}

/** The answer with the next verdict. What was written about a failure does not stay, unseen, where nothing fails. */
export function answerWith(question: string, verdict: Verdict, before: Answer | undefined, points: Answer['points']): Answer {
  return { question, verdict, note: before?.verdict === 'fail' && verdict !== 'fail' ? '' : (before?.note ?? ''), points }
}
