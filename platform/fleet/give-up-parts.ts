import { MaruError } from '#contract/errors.ts'
import { type Fleet, SERVICES, type ServiceName } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { ETCD_SERVICES, memberUrl } from '#platform/mesh/index.ts'
import {
  type EtcdClient,
  type EtcdMember,
  type EtcdStatus,
  makeEtcdClient,
} from '#runtime/drivers/etcd-client.ts'
import { readCluster } from '#runtime/drivers/patroni-client.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { listControlHosts } from '#runtime/server/process-store.ts'
import { loadControlCertificate } from './agents.ts'
import { handLeadOver } from './keep-tier.ts'
import { planWithout } from './needed-parts.ts'
import { type Answering, askAll } from './store-members.ts'
import type { HostRow } from './tables.ts'
import { OF_FIRST } from './tier-plan.ts'

type Deps = Pick<ServerDeps, 'config' | 'db' | 'log'>

const UNHEALTHY_MS = 15_000
const LOOK_MS = 1_000

/** What a host has; what has no place yet is on the first. */
function partsOf({ name, is_first }: Pick<HostRow, 'name' | 'is_first'>, { services }: Fleet): ServiceName[] {
  const unplaced = is_first ? OF_FIRST.filter((service) => services[service] === undefined) : []
  return [...unplaced, ...SERVICES.filter((service) => services[service] === name)]
}

/** Refuses where the installation would not go on without a host. What is there now counts, not what should be. */
export async function checkNotNeeded(deps: Deps, row: HostRow, fleet: Fleet): Promise<void> {
  const { config, db } = deps
  const own = partsOf(row, fleet)
  if (own.length === 0) return
  const [controls, pair] = await Promise.all([
    listControlHosts(db),
    readCluster(config.patroni, config.patroniCa),
  ])
  const others = SERVICES.filter((service) => fleet.services[service] !== undefined && !own.includes(service))
  const elsewhere = controls.some((host) => host !== row.name)
  const needed = planWithout({ own, others, hasControlElsewhere: elsewhere, pair: pair ?? [] })
  if (needed !== undefined)
    throw new MaruError('hosts.still_needed', { host: row.name as HostName, ...needed })
}

/**
 * A host that goes as planned must not be missed: it leads no database and no store, and has no voice without which the store
 * would stand still. Refuses where that cannot be.
 */
export async function giveUpParts(deps: Deps, row: HostRow, fleet: Fleet): Promise<void> {
  const own = partsOf(row, fleet)
  await giveUpStore(deps, row, own, fleet)
  for (const service of own) if (service.startsWith('postgres-')) await handLeadOver(deps, service)
}

async function giveUpStore(
  deps: Deps,
  row: HostRow,
  own: readonly ServiceName[],
  fleet: Fleet,
): Promise<void> {
  const placed = ETCD_SERVICES.filter((service) => fleet.services[service] !== undefined)
  const going = placed.filter((service) => own.includes(service))
  const staying = placed.filter((service) => !own.includes(service))
  if (going.length === 0 || staying.length === 0) return
  const { installation } = deps.config
  const urlsOf = (services: readonly ServiceName[], whom: 'client' | 'peer') =>
    services.map((one) => memberUrl(installation, one, whom))
  const urls = { going: urlsOf(going, 'client'), staying: urlsOf(staying, 'client') }
  const store = makeEtcdClient({ urls: urls.staying, ...(await loadControlCertificate(deps.config)) })
  const needed = (reason: string) =>
    new MaruError('hosts.still_needed', { host: row.name as HostName, reason, next: WELL_FIRST })
  try {
    const members = await store.members().catch(() => undefined)
    if (members === undefined) throw needed('the store (etcd) does not answer')
    const peers = urlsOf(going, 'peer')
    const voters = members.filter(({ isLearner }) => !isLearner)
    const leaving = voters.filter(({ peerUrls }) => peerUrls.some((url) => peers.includes(url)))
    if (leaving.length === 0) return
    const heirs = (await askAll(store, urls.staying)).filter(({ status }) => isVoice(status))
    const goesOn = heirs.length >= majorityOf(voters.length)
    if (!goesOn && heirs.length < majorityOf(voters.length - leaving.length))
      throw needed('too few other members of the store (etcd) answer')
    await handStoreOver(deps, store, urls.going, heirs)
    // Of three, two go on and take the third out themselves. Of two, one alone could not.
    if (!goesOn) await takeOut(deps, store, leaving)
  } finally {
    store.close()
  }
}

const WELL_FIRST =
  '`maru status` on the others shows it: wait until all are well; if this host is lost for good, add --lost.'
const majorityOf = (voters: number) => Math.floor(voters / 2) + 1
const isVoice = (status: EtcdStatus) => !status.isLearner && status.leader !== undefined

/** Whoever leads the store and is cut off is missed for seconds, in which the primary of the pair may give up. */
async function handStoreOver(
  { log }: Deps,
  store: EtcdClient,
  going: readonly string[],
  heirs: readonly Answering[],
): Promise<void> {
  const leader = (await askAll(store, going)).find(({ status }) => status.id === status.leader)
  const heir = heirs.find(({ status }) => status.leader === leader?.status.id)
  if (leader === undefined || heir === undefined) return
  try {
    await store.handLeadTo(leader.url, heir.status.id)
    log.info('fleet.store_handed_over', { from: leader.url, to: heir.url })
  } catch (error) {
    // The others elect one then, which takes seconds: no reason to keep the host.
    log.warn('fleet.store_kept', { from: leader.url, error })
  }
}

/** The store refuses changes until its members have heard each other for five seconds. */
async function patiently(change: () => Promise<void>): Promise<void> {
  const end = performance.now() + UNHEALTHY_MS
  for (;;) {
    try {
      return await change()
    } catch (error) {
      if (performance.now() > end) throw error
      await pause(LOOK_MS)
    }
  }
}

async function takeOut({ log }: Deps, store: EtcdClient, leaving: readonly EtcdMember[]): Promise<void> {
  for (const { id, name } of leaving) {
    await patiently(() => store.removeMember(id))
    log.info('fleet.voice_taken_out', { member: name })
  }
}
