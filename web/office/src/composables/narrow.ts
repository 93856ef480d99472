/** Whether the screen is narrow, as a tablet held upright: tables leave out what can wait. */
import { onScopeDispose, ref, type Ref } from 'vue'

const NARROW = '(max-width: 900px)'

export function useNarrow(): Ref<boolean> {
  const query = matchMedia(NARROW)
  const narrow = ref(query.matches)
  const listen = ({ matches }: MediaQueryListEvent) => (narrow.value = matches)
  query.addEventListener('change', listen)
  onScopeDispose(() => query.removeEventListener('change', listen))
  return narrow
}
