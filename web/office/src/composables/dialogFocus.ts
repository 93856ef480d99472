/**
 * Where a dialog opens, the library gives the keyboard to its frame; from there it goes on to what is marked `autofocus`,
 * so that one types at once.
 */
export function focusField({ target, relatedTarget }: FocusEvent): void {
  if (!(target instanceof HTMLElement) || !target.matches('.el-dialog')) return
  // Somebody clicked beside the fields.
  if (relatedTarget instanceof Node && target.contains(relatedTarget)) return
  target.querySelector<HTMLElement>('[autofocus]')?.focus()
}
