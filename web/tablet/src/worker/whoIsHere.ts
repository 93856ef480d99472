/**
 * Who is enrolled on this tablet and who is unlocked, as it is told to screens: by the worker that owns the databases, or
 * by a page that finds that nobody owns them. Nobody can be unlocked then, so what is written down is all there is to say,
 * and the page need not wait for its worker.
 */
import type { DeviceState } from '@/core/model'
import { readDevice, readUsers, type DeviceRecord, type UserRecord } from './registry'
import { LOCK } from './rpc'

/** What the owner adds of whoever is unlocked. */
export type UnlockedState = Pick<DeviceState, 'user_id' | 'set_aside' | 'stores'>

const NOBODY: UnlockedState = { user_id: null, set_aside: [], stores: 'sound' }

export function told(device: DeviceRecord | undefined, users: readonly UserRecord[], unlocked: UnlockedState = NOBODY): Omit<DeviceState, 'leader'> {
  return {
    phase: users.length === 0 ? 'empty' : unlocked.user_id === null ? 'locked' : 'unlocked',
    device_name: device?.name ?? null,
    users: users.map((it) => ({
      user_id: it.user_id,
      name: it.name,
      district: it.district,
      has_pin: it.pin !== undefined,
      waiting: it.waiting,
      photos_waiting: it.photos_waiting,
    })),
    user_id: unlocked.user_id,
    set_aside: unlocked.set_aside,
    stores: unlocked.stores,
  }
}

/** Told by a page before it starts its worker; nothing where a worker owns the databases, which knows better. */
export async function toldByNobody(): Promise<DeviceState | null> {
  const [{ held }, device, users] = await Promise.all([navigator.locks.query(), readDevice(), readUsers()])
  if (held?.some(({ name }) => name === LOCK)) return null
  return { ...told(device, users), leader: false }
}
