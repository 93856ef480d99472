/** Asks before something goes that cannot be brought back. */
import { showConfirmDialog } from 'vant'
import { text } from '@/messages'

export async function isSure(message: string, confirm: string): Promise<boolean> {
  const answered = await showConfirmDialog({ message, confirmButtonText: confirm, cancelButtonText: text('common.cancel') }).catch(() => undefined)
  return answered !== undefined
}
