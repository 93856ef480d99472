/** An entry of a menu that is a link: Enter on the entry, or a click beside its words, follows the link. */
export function followLink({ target }: Event): void {
  if (target instanceof HTMLElement && target.closest('a') === null) target.querySelector('a')?.click()
}
