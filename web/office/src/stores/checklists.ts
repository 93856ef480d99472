/** What the questions of a pack's checklists are called. A pack never changes, so each is asked for once. */
import { defineStore } from 'pinia'
import { reactive, ref } from 'vue'
import { answer, api } from '@/api/client'
import { named } from '@/messages'

interface Named {
  zh: string
  en: string
  unit?: string | null
}

interface Checklist {
  questions: Map<string, Named>
  measurements: Map<string, Named>
}

export const useChecklists = defineStore('checklists', () => {
  /** By pack and kind. */
  const known = reactive(new Map<string, Checklist>())
  const asked = new Set<string>()

  async function fetchPack(hash: string): Promise<void> {
    const pack = await answer(api.GET('/api/v1/packs/{hash}', { params: { path: { hash } } }))
    for (const kind of pack.kinds) {
      known.set(`${hash}/${kind.code}`, {
        questions: new Map(kind.questions.map((question) => [question.code, question])),
        measurements: new Map(kind.measurements.map((measured) => [measured.code, measured])),
      })
    }
  }

  /** The checklist of a kind in a pack; empty until it has come. */
  function of(hash: string | undefined, kind: string): Checklist | undefined {
    if (hash === undefined) return undefined
    if (!asked.has(hash)) {
      asked.add(hash)
      fetchPack(hash).catch(() => asked.delete(hash))
    }
    return known.get(`${hash}/${kind}`)
  }

  function question(hash: string | undefined, kind: string, code: string): string {
    const found = of(hash, kind)?.questions.get(code)
    return found ? named(found) : code
  }

  function measurement(hash: string | undefined, kind: string, code: string): { name: string; unit: string } {
    const found = of(hash, kind)?.measurements.get(code)
    return { name: found ? named(found) : code, unit: found?.unit ?? '' }
  }

  /** The pack that the district goes by today. */
  const current = ref<string>()
  let asking = false

  /** What a checklist of today asks about a kind. */
  function inForce(kind: string): { code: string; zh: string; en: string }[] {
    if (kind === '') return []
    if (current.value === undefined && !asking) {
      asking = true
      void answer(api.GET('/api/v1/packs'))
        .then((packs) => (current.value = packs.find(({ adoption }) => adoption != null)?.hash))
        .catch(() => (asking = false))
    }
    const questions = of(current.value, kind)?.questions ?? new Map<string, Named>()
    return [...questions].map(([code, { zh, en }]) => ({ code, zh, en }))
  }

  return { of, question, measurement, inForce }
})
