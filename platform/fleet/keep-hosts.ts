import { isDeepStrictEqual } from 'node:util'
import type { Fleet } from '#contract/fleet.ts'
import { AGENT_PORT } from '#contract/host-identity.ts'
import { keyHashAt } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { membershipOf, unverifiedMembershipOf } from './agents.ts'
import { equipPlaced } from './equip.ts'
import { settleTier } from './keep-tier.ts'
import { hasEnded, noteKey, renewWhenDue, settleKey } from './renew-keys.ts'
import { findMember, listMembers, listUntold, loadFleet, markTold, setHost } from './store.ts'
import { HOSTS_CHANGED, type HostRow } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'db' | 'log' | 'now' | 'hub'>

const LOOK_EVERY_MS = 15_000
const LOOK_AGAIN_MS = 4_000
const KNOCK_TIMEOUT_MS = 5_000
/** A removed host that has not come back for so long is not looked for any more. */
const FORGET_AFTER_MS = 30 * 86_400_000
const forgottenBefore = (now: Date) => new Date(now.getTime() - FORGET_AFTER_MS)

/** Settles with every host, again and again, what belongs to belonging together. */
export function fleetLoop(deps: Deps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  // Whoever is gone for good does not answer for seconds: nobody else waits for that.
  const running = Promise.all([
    keep(deps, keepMembers, () => settleServices(deps), stopping.signal),
    keep(deps, tellRemoved, async () => false, stopping.signal),
  ])
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function keep(
  deps: Deps,
  settleAll: (deps: Deps) => Promise<Kept[]>,
  afterwards: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const bell = deps.hub.bell(HOSTS_CHANGED)
  // One line for each trouble of each host, until it is another one.
  const complaints = new Map<string, string>()
  while (!signal.aborted) {
    const kept = await settleAll(deps)
    for (const { host, error } of kept) {
      const code = error instanceof Error ? error.message : 'none'
      if (error !== undefined && complaints.get(host) !== code)
        deps.log.warn('fleet.host_away', { host, error })
      complaints.set(host, code)
    }
    if (await afterwards()) continue
    // Who was not told yet cannot reach what the others have.
    const all = kept.every(({ error }) => error === undefined)
    await bell.wait(all ? LOOK_EVERY_MS : LOOK_AGAIN_MS, signal)
  }
  bell.close()
}

/** Whether a part of the platform was moved: then the hosts have to be told. */
async function settleServices(deps: Deps): Promise<boolean> {
  try {
    return await settleTier(deps)
  } catch (error) {
    deps.log.warn('fleet.tier_unsettled', { error })
    return false
  }
}

export interface Kept {
  readonly host: string
  /** Undefined when all is settled. */
  readonly error: unknown
}

/** One round with everyone. */
export const keepHosts = async (deps: Deps): Promise<Kept[]> =>
  (await Promise.all([keepMembers(deps), tellRemoved(deps)])).flat()

/** One round: all hosts at the same time, so that one that is away keeps nobody waiting. */
const keepMembers = (deps: Deps) =>
  withEach(async () => {
    const [members, fleet] = await read(() => Promise.all([listMembers(deps.db), loadFleet(deps.db)]))
    return members.map((row) => [row, keepHost(deps, row, fleet)])
  })

const tellRemoved = (deps: Deps) =>
  withEach(async () => {
    const untold = await read(() => listUntold(deps.db, forgottenBefore(deps.now())))
    return untold.map((row) => [row, tell(deps, row)])
  })

async function withEach(
  begin: () => Promise<ReadonlyArray<readonly [HostRow, Promise<void>]>>,
): Promise<Kept[]> {
  try {
    const works = await begin()
    const ends = await Promise.allSettled(works.map(([, work]) => work))
    return works.map(([row], at) => {
      const end = ends[at]
      return { host: row.name, error: end?.status === 'rejected' ? end.reason : undefined }
    })
  } catch (error) {
    return [{ host: '', error }]
  }
}

async function keepHost(deps: Deps, found: HostRow, fleet: Fleet): Promise<void> {
  const settled = await settleKey(deps, found)
  const membership = membershipOf(deps, settled)
  const about = await membership.about()
  if (about.version !== settled.version) await setHost(deps.db, settled.id, { version: about.version })
  const row = await noteKey(deps, settled, about)
  if (!isDeepStrictEqual(fleet, about.fleet)) await membership.setFleet(fleet)
  await equipPlaced(deps, row, about, fleet)
  await renewWhenDue(deps, row, about)
}

/** Its key alone says that it is the one: at its address may be another by now. */
async function tellWithoutCertificate(deps: Deps, row: HostRow): Promise<void> {
  const where = { host: row.address, port: AGENT_PORT, timeoutMs: KNOCK_TIMEOUT_MS }
  const keyHash = await keyHashAt(where)
  if (keyHash !== row.key_hash && keyHash !== row.next_key_hash) throw new Error('another machine is there')
  await unverifiedMembershipOf(deps, row).removed()
}

/** A host that was away when it was removed hears of it when it comes back. */
async function tell(deps: Deps, row: HostRow): Promise<void> {
  // This control plane may be on a host that has its name by now: that one is not meant.
  const namesake = await read(() => findMember(deps.db, row.name))
  if (hasEnded(deps, row) || namesake !== undefined) await tellWithoutCertificate(deps, row)
  else await membershipOf(deps, row).removed()
  await markTold(deps.db, row.id, deps.now())
  deps.log.info('fleet.removal_told', { host: row.name })
}
