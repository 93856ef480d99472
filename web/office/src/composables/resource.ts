/**
 * Something fetched for a screen: its state, its fault, and fetching again when what it depends on changes or the
 * server says that it changed. An answer that was overtaken by a newer request is dropped.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useEvents } from '@/stores/events'

export interface Resource<Value> {
  value: ShallowRef<Value | undefined>
  fault: Ref<unknown>
  loading: Ref<boolean>
  reload(): Promise<void>
}

export interface ResourceOptions {
  /** Fetches again when one of these changes. */
  watch?: () => unknown
  /** Nouns of the event stream after which it is fetched again. */
  changes?: readonly string[]
  /** Whether a change of this id matters; all do by default. */
  concerns?: (id: string | undefined) => boolean
  /** Not fetched while this says no. */
  when?: () => boolean
}

/** Several changes at once are one fetch. */
const SETTLE_MILLISECONDS = 250

export function useResource<Value>(fetch: () => Promise<Value>, options: ResourceOptions = {}): Resource<Value> {
  const value = shallowRef<Value>()
  const fault = ref<unknown>()
  const loading = ref(false)
  let latest = 0
  let settling: ReturnType<typeof setTimeout> | undefined

  async function reload(): Promise<void> {
    if (options.when && !options.when()) return
    latest += 1
    const mine = latest
    loading.value = true
    try {
      const fetched = await fetch()
      if (mine !== latest) return
      value.value = fetched
      fault.value = undefined
    } catch (error) {
      if (mine === latest) fault.value = error
    } finally {
      if (mine === latest) loading.value = false
    }
  }

  const { changes, concerns } = options
  if (changes) {
    const silence = useEvents().listen(({ what, id }) => {
      const matters = what === 'everything' || (changes.includes(what) && (concerns?.(id) ?? true))
      if (!matters) return
      clearTimeout(settling)
      settling = setTimeout(() => void reload(), SETTLE_MILLISECONDS)
    })
    onScopeDispose(silence)
  }
  onScopeDispose(() => {
    latest += 1
    clearTimeout(settling)
  })
  if (options.watch) watch(options.watch, () => void reload())
  void reload()
  return { value, fault, loading, reload }
}
