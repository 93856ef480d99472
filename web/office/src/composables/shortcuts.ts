/**
 * Keyboard shortcuts of the screen that is shown, and the list of them that `?` opens. A key typed into a field is a
 * letter, not a command; with a dialog open only the dialog's own keys count.
 */
import { onScopeDispose, shallowReactive } from 'vue'

export interface Shortcut {
  /** As `KeyboardEvent.key` has it: `c`, `ArrowDown`, `?`; `Ctrl+Enter` for that pair. */
  key: string
  /** Message key of what it does. */
  does: string
  run: () => void
  /** Not while this says no. */
  when?: () => boolean
}

/** Those of all parts that are on the screen, the latest first, and behind them those that give way. */
export const shortcuts = shallowReactive<{ groups: Shortcut[][] }>({ groups: [] })

/** Keys that work while this part is on the screen; those that give way do only what no other part does by that key. */
export function useShortcuts(group: Shortcut[], giveWay = false): void {
  shortcuts.groups = giveWay ? [...shortcuts.groups, group] : [group, ...shortcuts.groups]
  onScopeDispose(() => {
    shortcuts.groups = shortcuts.groups.filter((other) => other !== group)
  })
}

function typesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable) return true
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/** Whether something lies over the screen and has the keyboard for itself. */
function covered(): boolean {
  return [...document.querySelectorAll('[aria-modal="true"]')].some(
    (dialog) => dialog instanceof HTMLElement && dialog.offsetParent !== null,
  )
}

export function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.metaKey) return
  const combined = event.ctrlKey ? `Ctrl+${event.key}` : event.key
  if (!event.ctrlKey && typesText(event.target)) return
  if (covered()) return
  for (const group of shortcuts.groups) {
    const found = group.find(({ key, when }) => key === combined && (when?.() ?? true))
    if (found) {
      event.preventDefault()
      found.run()
      return
    }
  }
}
