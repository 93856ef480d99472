/**
 * What a user is writing and is in no database yet: records about an order or a lead, and new targets. Sealed under a key of
 * that user, in IndexedDB, by what it is about.
 *
 * Invariants: nothing is written in plain text; a draft that does not open is as none, since it was never more than a draft.
 */
import { openText, sealText } from './keys'
import { SEALED_DRAFTS, within, type Wrapped } from './registry'

export class SealedDrafts {
  constructor(
    private readonly userId: string,
    private readonly key: CryptoKey,
  ) {}

  async read(subject: string): Promise<unknown> {
    const said = await this.text([this.userId, subject])
    return said === null ? null : JSON.parse(said)
  }

  /** Durable when it resolves; `null` lets go of it. */
  async keep(subject: string, draft: unknown): Promise<void> {
    const place = [this.userId, subject]
    const wrapped = draft === null ? null : await sealText(this.key, place.join(' '), JSON.stringify(draft))
    await within<IDBValidKey | undefined>([SEALED_DRAFTS], 'readwrite', (it): IDBRequest => {
      const drafts = it.objectStore(SEALED_DRAFTS)
      return wrapped ? drafts.put(wrapped, place) : drafts.delete(place)
    })
  }

  /** All that this user is writing, as JSON. */
  async texts(): Promise<string[]> {
    const ofUser = IDBKeyRange.bound([this.userId], [this.userId, []])
    const places = await within<IDBValidKey[]>([SEALED_DRAFTS], 'readonly', (it) => it.objectStore(SEALED_DRAFTS).getAllKeys(ofUser))
    const texts = await Promise.all(places.map((place) => (Array.isArray(place) ? this.text(place.map(String)) : null)))
    return texts.filter((text) => text !== null)
  }

  private async text(place: string[]): Promise<string | null> {
    const wrapped = await within<Wrapped | undefined>([SEALED_DRAFTS], 'readonly', (it) => it.objectStore(SEALED_DRAFTS).get(place))
    return wrapped === undefined ? null : openText(this.key, place.join(' '), wrapped)
  }
}
