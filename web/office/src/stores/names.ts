/** Names that every screen shows: units, grids, items and kinds. Loaded once, and anew when they change. */
import type { Api } from '@lantian/shared/api/types'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { answer, api } from '@/api/client'
import { language } from '@/messages'

export type Unit = Api<'Unit'>
export type Grid = Api<'Grid'>

export interface Named {
  code: string
  zh: string
  en: string
}

/** How many segments the path of a street's grid has: district and street. */
const STREET_DEPTH = 2

export const useNames = defineStore('names', () => {
  const units = ref<Unit[]>([])
  const grids = ref<Grid[]>([])
  const items = ref<Named[]>([])
  const loaded = ref(false)

  const unitById = computed(() => new Map(units.value.map((unit) => [unit.unit_id, unit])))
  const gridByPath = computed(() => new Map(grids.value.map((grid) => [grid.path, grid])))
  const itemByCode = computed(() => new Map(items.value.map((item) => [item.code, item])))
  const streets = computed(() => grids.value.filter(({ path }) => path.split('/').length === STREET_DEPTH))

  async function load(): Promise<void> {
    const [allUnits, allGrids, packs] = await Promise.all([
      answer(api.GET('/api/v1/units')),
      answer(api.GET('/api/v1/grids')),
      answer(api.GET('/api/v1/packs')),
    ])
    units.value = allUnits
    grids.value = allGrids
    const adopted = packs.filter(({ adoption }) => adoption != null)
    const details = await Promise.all(
      adopted.map(({ hash }) => answer(api.GET('/api/v1/packs/{hash}', { params: { path: { hash } } }))),
    )
    const byCode = new Map<string, Named>()
    for (const { code, zh, en } of details.flatMap((pack) => pack.items)) byCode.set(code, { code, zh, en })
    items.value = [...byCode.values()]
    loaded.value = true
  }

  function unit(id: string): string {
    return unitById.value.get(id)?.name ?? id.slice(0, 8)
  }

  function grid(path: string): string {
    return gridByPath.value.get(path)?.name ?? path
  }

  function item(code: string): string {
    const found = itemByCode.value.get(code)
    return found ? (language() === 'zh' ? found.zh : found.en) : code
  }

  return { units, grids, streets, unitById, gridByPath, items, loaded, load, unit, grid, item }
})
