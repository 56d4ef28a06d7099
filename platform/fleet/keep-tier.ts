import { SERVICES, type ServiceName } from '#contract/fleet.ts'
import { readCluster, switchOver } from '#runtime/drivers/patroni-client.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { loadControlCertificate } from './agents.ts'
import { equip } from './equip.ts'
import { isReporting, listMembers, loadPlacement, placeService } from './store.ts'
import type { HostRow } from './tables.ts'
import { type Placement, partsLeaving, planTier, type TierHost } from './tier-plan.ts'

type Deps = Pick<ServerDeps, 'config' | 'db' | 'log' | 'now'>

const SWITCHOVER_MS = 30_000
const LOOK_MS = 500

/**
 * Brings the platform's own parts to the hosts where they belong: one at a time, and only to a host that has all that
 * it needs. Tells whether something was moved; the hosts are then told of it, and do the rest.
 */
export async function settleTier(deps: Deps): Promise<boolean> {
  const [members, placed] = await read(() => Promise.all([listMembers(deps.db), loadPlacement(deps.db)]))
  const isTogether = placed['postgres-1'] === placed['postgres-2']
  const leader = isTogether ? await leaderOf(deps) : undefined
  const [move] = planTier(tierHosts(members, deps.now()), placed, leader)
  const to = members.find(({ name }) => name === move?.to)
  if (move === undefined || to === undefined) {
    await spareLead(deps, members, placed)
    return false
  }
  // A control plane elsewhere that leads could not reach the first host.
  if (move.service === 'control-2' && members.some((row) => row.is_first && row.key_hash === null))
    return false
  await equip(deps, to, move.service)
  if (move.service.startsWith('postgres-') && move.from !== undefined) await handLeadOver(deps, move.service)
  await transact(deps.db, (tx) => placeService(tx, move.service, move.to, deps.now()))
  deps.log.info('fleet.service_placed', { service: move.service, from: move.from ?? null, host: move.to })
  return true
}

async function leaderOf({ config }: Deps): Promise<ServiceName | undefined> {
  const members = (await readCluster(config.patroni, config.patroniCa)) ?? []
  const leader = members.find(({ role }) => role === 'leader')?.name
  return SERVICES.find((service) => service === leader)
}

/** The hosts as the plan sees them. */
export const tierHosts = (members: readonly HostRow[], now: Date): TierHost[] =>
  members.map((row) => ({
    name: row.name,
    dataCentre: row.data_centre,
    role: row.role,
    first: row.is_first,
    ready: row.is_first || isReporting(row, now),
    draining: row.draining,
  }))

/** What of the platform is on a host that is to go, and can be elsewhere. */
export async function listLeaving(db: Deps['db'], host: string, now: Date): Promise<ServiceName[]> {
  return partsLeaving(tierHosts(await listMembers(db), now), await loadPlacement(db), host)
}

/** Whoever empties a host is about to switch it off: a member that stays there leads only where nobody else can. */
async function spareLead(deps: Deps, members: readonly HostRow[], placed: Placement): Promise<void> {
  const draining = new Set(members.filter((row) => row.draining).map(({ name }) => name))
  const [one, other] = (['postgres-1', 'postgres-2'] as const).map((service) => ({
    service,
    leaves: draining.has(placed[service] ?? ''),
  }))
  if (one === undefined || other === undefined || one.leaves === other.leaves) return
  await handLeadOver(deps, (one.leaves ? one : other).service)
}

/** A member that is to move must not lead: its partner takes the lead first, in a planned switchover. */
export async function handLeadOver(
  { config, log }: Pick<Deps, 'config' | 'log'>,
  service: ServiceName,
): Promise<void> {
  const look = async () => (await readCluster(config.patroni, config.patroniCa)) ?? []
  const leads = (members: Awaited<ReturnType<typeof look>>) =>
    members.some(({ name, role }) => name === service && role === 'leader')
  const members = await look()
  if (!leads(members)) return
  const partner = members.find(({ role, state }) => role === 'sync_standby' && state === 'streaming')
  const leader = config.patroni.find(({ member }) => member === service)
  if (partner === undefined || leader === undefined)
    throw new Error(`${service} leads and nobody can take over: it is moved when its partner follows again`)
  await switchOver(
    leader.url,
    { leader: service, candidate: partner.name },
    await loadControlCertificate(config),
  )
  const end = performance.now() + SWITCHOVER_MS
  while (leads(await look())) {
    if (performance.now() > end) throw new Error(`${service} still leads after a switchover`)
    await pause(LOOK_MS)
  }
  log.info('fleet.lead_handed_over', { from: service, to: partner.name })
}
