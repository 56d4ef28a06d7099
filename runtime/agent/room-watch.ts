import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf, HOME } from '#contract/installation.ts'
import { isAbsent } from '#runtime/drivers/files.ts'
import { readCluster, switchOver } from '#runtime/drivers/patroni-client.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { RejoinDeps } from './rejoin-watch.ts'
import { isFull, planRoom } from './room-plan.ts'

const BEAT_MS = 1_000
/** How many looks go to the processes that were found once. */
const LOOKS = 10

/** Looks at the disks under the members on this host: a primary that is out of room hands over. */
export function watchRoom(deps: RejoinDeps, signal: AbortSignal): void {
  let lastMs: number | undefined
  let failed = false
  let pids: ReadonlyMap<string, number> | undefined
  const forever = async () => {
    for (let beat = 0; !signal.aborted; beat++) {
      try {
        if (beat % LOOKS === 0) pids = undefined
        pids ??= deps.keepsMember() ? await findMembers(deps) : new Map()
        const rooms = await readRooms(deps, pids)
        // One has ended: next time all are looked for again.
        if (rooms.size < pids.size) pids = undefined
        if (await handOverFrom(rooms, deps, lastMs)) lastMs = performance.now()
        failed = false
      } catch (error) {
        if (!failed) deps.log.warn('agent.room_unknown', { error })
        failed = true
      }
      await pause(BEAT_MS, signal)
    }
  }
  void forever()
}

/** Hands over from a primary that is out of room; whether that was asked for. */
async function handOverFrom(
  rooms: ReadonlyMap<string, number>,
  deps: RejoinDeps,
  lastMs: number | undefined,
): Promise<boolean> {
  const { installation, home, log } = deps
  if (![...rooms.values()].some(isFull)) return false
  const { postgres, patroniPort } = addressesOf(installation)
  const urls = postgres.map((address) => `https://${address}:${patroniPort}`)
  const members = await readCluster(
    urls.map((url) => ({ url })),
    join(home, HOME.pki, 'root.crt'),
  )
  const handOver = planRoom(members ?? [], rooms, lastMs, performance.now())
  if (handOver === undefined) return false
  const { leader, candidate } = handOver
  log.warn('agent.primary_out_of_room', {
    leader,
    candidate,
    sentence: `The disk under ${leader} is full: ${candidate} takes over.`,
  })
  const url = urls[postgres.findIndex((_, index) => HOME.postgres(index + 1) === leader)]
  if (url !== undefined) await switchOver(url, handOver, await deps.issuePass())
  return true
}

/** Bytes that are free under the data of each member that runs here, as that member itself would find them. */
async function readRooms(
  { home }: RejoinDeps,
  pids: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const rooms = new Map<string, number>()
  for (const [member, pid] of pids) {
    try {
      const { bavail, bsize } = await statfs(`/proc/${pid}/root${home}/${member}/data`)
      rooms.set(member, bavail * bsize)
    } catch (error) {
      if (!isAbsent(error)) throw error // it has just ended
    }
  }
  return rooms
}

/** The main processes of the members that run here. */
async function findMembers({ installation, docker }: RejoinDeps): Promise<Map<string, number>> {
  const pids = new Map<string, number>()
  for (const [index] of addressesOf(installation).postgres.entries()) {
    const member = HOME.postgres(index + 1)
    const pid = (await docker.containers.inspect(`${installation.name}-${member}`))?.pid ?? 0
    if (pid !== 0) pids.set(member, pid)
  }
  return pids
}
