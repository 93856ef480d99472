/** Kinds, checklists and items in force here, and the names of grids and units: asked once, and again when they change. */
import { defineStore } from 'pinia'
import { computed, shallowRef, watch as watchSource } from 'vue'
import type { Grid, Item, Kind, Rules, Unit } from '@/core/client'
import { named } from '@/messages'
import { core } from './core'
import { usePeople } from './people'

export const useRules = defineStore('rules', () => {
  const people = usePeople()
  const rules = shallowRef<Rules>()
  const grids = shallowRef<Grid[]>([])
  const units = shallowRef<Unit[]>([])

  async function look(): Promise<void> {
    if (!people.unlocked) {
      rules.value = undefined
      grids.value = []
      units.value = []
      return
    }
    ;[rules.value, grids.value, units.value] = await Promise.all([core().rules(), core().grids(), core().units()])
  }

  function watch(): void {
    const again = () => void look().catch(() => undefined)
    for (const topic of ['rules', 'register'] as const) core().on(topic, again)
    watchSource(() => people.device?.user_id, again, { immediate: true })
  }

  const kinds = computed<Kind[]>(() => rules.value?.kinds ?? [])
  const kind = (code: string | undefined) => kinds.value.find((some) => some.code === code)
  const item = (code: string | undefined | null): Item | undefined => rules.value?.items.find((some) => some.code === code)
  const kindName = (code: string | undefined) => {
    const found = kind(code)
    return found ? named(found) : (code ?? '')
  }
  const itemName = (code: string | null) => {
    const found = item(code)
    return found ? named(found) : (code ?? '')
  }
  const gridNames = computed(() => new Map(grids.value.map(({ path, name }) => [path, name])))
  /** The grid's names from the township downwards, such as `九里山街道 › 东村`. */
  const gridName = (path: string | undefined) => {
    if (path === undefined) return ''
    const parts = path.split('/')
    const names = parts.map((_, at) => gridNames.value.get(parts.slice(0, at + 1).join('/'))).slice(1)
    const known = names.filter((name) => name !== undefined)
    return known.length > 0 ? known.join(' › ') : (gridNames.value.get(path) ?? path)
  }
  const unitName = (id: string) => units.value.find(({ unit_id }) => unit_id === id)?.name ?? ''

  return { rules, grids, units, look, watch, kinds, kind, item, kindName, itemName, gridName, unitName }
})
