import { X509Certificate } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { MaruError } from '#contract/errors.ts'
import type { Fleet } from '#contract/fleet.ts'
import { AGENT_PORT, type HostAddress } from '#contract/host-identity.ts'
import { HOST_LIMITS } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import type { AgentAbout } from '#contract/membership.ts'
import { checkCertificateRequest } from '#platform/trust/index.ts'
import { keyHashAt, publicKeyHash } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { authorityOf, membershipOf, unverifiedMembershipOf } from './agents.ts'
import { equipPlaced } from './equip.ts'
import { isRenewalDue } from './join-rules.ts'
import { settleTier } from './keep-tier.ts'
import { listMembers, listUntold, loadFleet, markTold, setHost } from './store.ts'
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

const hasEnded = ({ now }: Deps, { certificate_expires_at: end }: HostRow) => end !== null && end <= now()

async function keepHost(deps: Deps, row: HostRow, fleet: Fleet): Promise<void> {
  if (hasEnded(deps, row)) await renew(deps, row, unverifiedMembershipOf(deps, row))
  const membership = membershipOf(deps, row)
  const about = await membership.about()
  if (about.version !== row.version) await setHost(deps.db, row.id, { version: about.version })
  if (row.is_first) await noteKey(deps, row, about)
  if (!isDeepStrictEqual(fleet, about.fleet)) await membership.setFleet(fleet)
  await equipPlaced(deps, row, about, fleet)
  const ends = about.certificateExpiresAt
  if (ends !== null && isRenewalDue(new Date(ends), HOST_LIMITS.certificateDays, deps.now()))
    await renew(deps, row, membership)
}

/** The first host gives itself its key; the control plane that is on the same host vouches for it to the others. */
async function noteKey({ config, db }: Deps, row: HostRow, { certificate }: AgentAbout): Promise<void> {
  if (row.name !== config.host.name || certificate === null) return
  const keyHash = publicKeyHash(new X509Certificate(certificate))
  if (keyHash !== row.key_hash) await setHost(db, row.id, { key_hash: keyHash })
}

/**
 * A new certificate for the same key. The host's request is signed by that key, and the certificate is no secret: so it
 * does not matter who carries them, even where the old certificate has ended.
 */
async function renew(deps: Deps, row: HostRow, membership: ReturnType<typeof membershipOf>): Promise<void> {
  const request = await membership.certificateRequest()
  const { keyHash } = await checkCertificateRequest(request)
  if (keyHash !== row.key_hash) {
    const reason = 'it asks for a certificate for another key'
    throw new MaruError('hosts.not_itself', { host: row.name, address: row.address, reason })
  }
  const signing = { request, host: row.name as HostName, address: row.address as HostAddress }
  const expiresAt = await membership.setCertificate(await authorityOf(deps).sign(signing))
  await setHost(deps.db, row.id, { certificate_expires_at: new Date(expiresAt) })
  deps.log.info('fleet.certificate_renewed', { host: row.name, expiresAt })
}

/** Its key alone says that it is the one: at its address may be another by now. */
async function tellWithoutCertificate(deps: Deps, row: HostRow): Promise<void> {
  const where = { host: row.address, port: AGENT_PORT, timeoutMs: KNOCK_TIMEOUT_MS }
  if ((await keyHashAt(where)) !== row.key_hash) throw new Error('another machine is there')
  await unverifiedMembershipOf(deps, row).removed()
}

/** A host that was away when it was removed hears of it when it comes back. */
async function tell(deps: Deps, row: HostRow): Promise<void> {
  if (hasEnded(deps, row)) await tellWithoutCertificate(deps, row)
  else await membershipOf(deps, row).removed()
  await markTold(deps.db, row.id, deps.now())
  deps.log.info('fleet.removal_told', { host: row.name })
}
