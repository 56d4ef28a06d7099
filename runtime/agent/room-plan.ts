import type { PatroniMember } from '#runtime/drivers/patroni-client.ts'

/** A planned change of the primary. */
export interface HandOver {
  readonly leader: string
  readonly candidate: string
}

/** Four segments of the write-ahead log: with less, the next write may be the first that fails. */
export const LEAST_BYTES = 64 * 2 ** 20
/** Where both disks fill up, a hand-over does not help and is not tried again and again. */
const PAUSE_MS = 600_000

/**
 * Whether the primary is to hand over because the disk under its data is full: its server would go on, its keeper would find
 * it healthy, and every write that needs room would fail. Only to a standby that confirms every write, and that has room
 * itself as far as is known here. `rooms`: member → bytes that are free, for the members on this host.
 */
export function planRoom(
  members: readonly PatroniMember[],
  rooms: ReadonlyMap<string, number>,
  lastMs: number | undefined,
  nowMs: number,
): HandOver | undefined {
  if (lastMs !== undefined && nowMs - lastMs < PAUSE_MS) return undefined
  const leader = members.find(({ role, state }) => role === 'leader' && state === 'running')?.name
  if (leader === undefined || !isFull(rooms.get(leader))) return undefined
  const candidate = members.find(
    ({ name, role, state }) => role === 'sync_standby' && state === 'streaming' && !isFull(rooms.get(name)),
  )?.name
  return candidate === undefined ? undefined : { leader, candidate }
}

export const isFull = (freeBytes: number | undefined): boolean =>
  freeBytes !== undefined && freeBytes < LEAST_BYTES
