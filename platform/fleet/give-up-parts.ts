import { MaruError } from '#contract/errors.ts'
import { type Fleet, SERVICES, type ServiceName } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { ETCD_SERVICES, serviceAddress } from '#platform/mesh/index.ts'
import { type EtcdClient, makeEtcdClient } from '#runtime/drivers/etcd-client.ts'
import { readCluster } from '#runtime/drivers/patroni-client.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { listControlHosts } from '#runtime/server/process-store.ts'
import { loadControlCertificate } from './agents.ts'
import { handLeadOver } from './keep-tier.ts'
import { planWithout } from './needed-parts.ts'
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
 * would stand still.
 */
export async function giveUpParts(deps: Deps, row: HostRow, fleet: Fleet): Promise<void> {
  const own = partsOf(row, fleet)
  for (const service of own) if (service.startsWith('postgres-')) await handLeadOver(deps, service)
  const voices = ETCD_SERVICES.filter((service) => fleet.services[service] !== undefined)
  const going = voices.filter((service) => own.includes(service))
  const staying = voices.filter((service) => !own.includes(service))
  if (going.length === 0 || staying.length === 0) return
  const { etcdPorts } = addressesOf(deps.config.installation)
  const urlsOf = (services: readonly ServiceName[], port: number) =>
    services.map((one) => `https://${serviceAddress(deps.config.installation, one).address}:${port}`)
  const client = { going: urlsOf(going, etcdPorts.client), staying: urlsOf(staying, etcdPorts.client) }
  const store = makeEtcdClient({ urls: client.staying, ...(await loadControlCertificate(deps.config)) })
  try {
    await handStoreOver(deps, store, client)
    // Of three, two go on and take the third out themselves. Of two, one alone could not.
    if (voices.length === 2) await takeOut(deps, store, urlsOf(going, etcdPorts.peer))
  } finally {
    store.close()
  }
}

interface Ends {
  readonly going: readonly string[]
  readonly staying: readonly string[]
}

/** Whoever leads the store and is cut off is missed for seconds, in which the primary of the pair may give up. */
async function handStoreOver({ log }: Deps, store: EtcdClient, { going, staying }: Ends): Promise<void> {
  const ask = async (url: string) => ({ url, status: await store.status(url).catch(() => undefined) })
  const leads = (one: Awaited<ReturnType<typeof ask>>) => one.status?.id === one.status?.leader
  const leader = (await Promise.all(going.map(ask))).find((one) => one.status !== undefined && leads(one))
  const heirs = (await Promise.all(staying.map(ask))).flatMap(({ status }) => status ?? [])
  const heir = heirs.find(({ isLearner, leader: its }) => !isLearner && its === leader?.status?.id)
  if (leader === undefined || heir === undefined) return
  try {
    await store.handLeadTo(leader.url, heir.id)
    log.info('fleet.store_handed_over', { from: leader.url, to: heir.id })
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

async function takeOut({ log }: Deps, store: EtcdClient, peers: readonly string[]): Promise<void> {
  for (const { id, name, peerUrls } of await store.members()) {
    if (!peerUrls.some((url) => peers.includes(url))) continue
    await patiently(() => store.removeMember(id))
    log.info('fleet.voice_taken_out', { member: name })
  }
}
