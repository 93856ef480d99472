/**
 * What a user is writing about an order or a lead before it is recorded: sealed under a key of that user, in IndexedDB.
 *
 * Invariants: nothing is written in plain text; a draft that does not open is as none, since it was never more than a draft.
 */
import type { FieldDraft } from '@/core/model'
import { openText, sealText } from './keys'
import { FIELD_DRAFTS, within, type Wrapped } from './registry'

export class FieldDrafts {
  constructor(
    private readonly userId: string,
    private readonly key: CryptoKey,
  ) {}

  async read(subject: string): Promise<FieldDraft | null> {
    const place = [this.userId, subject]
    const wrapped = await within<Wrapped | undefined>([FIELD_DRAFTS], 'readonly', (it) => it.objectStore(FIELD_DRAFTS).get(place))
    const said = wrapped && (await openText(this.key, place.join(' '), wrapped))
    return said ? (JSON.parse(said) as FieldDraft) : null
  }

  /** Durable when it resolves; `null` lets go of it. */
  async keep(subject: string, draft: FieldDraft | null): Promise<void> {
    const place = [this.userId, subject]
    const wrapped = draft && (await sealText(this.key, place.join(' '), JSON.stringify(draft)))
    await within<IDBValidKey | undefined>([FIELD_DRAFTS], 'readwrite', (it): IDBRequest => {
      const drafts = it.objectStore(FIELD_DRAFTS)
      return wrapped ? drafts.put(wrapped, place) : drafts.delete(place)
    })
  }
}
