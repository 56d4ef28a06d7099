import { MaruError } from '#contract/errors.ts'
import { type Fleet, SERVICES, type ServiceName } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { ETCD_SERVICES, serviceAddress } from '#platform/mesh/index.ts'
import { makeEtcdClient } from '#runtime/drivers/etcd-client.ts'
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

/** A host that goes as planned must not be missed: it leads no database, and has no voice without which the store would stand still. */
export async function giveUpParts(deps: Deps, row: HostRow, fleet: Fleet): Promise<void> {
  const own = partsOf(row, fleet)
  for (const service of own) if (service.startsWith('postgres-')) await handLeadOver(deps, service)
  const voices = ETCD_SERVICES.filter((service) => fleet.services[service] !== undefined)
  // Of three, two go on and take the third out themselves. Of two, one alone could not.
  if (voices.length === 2)
    await takeOut(
      deps,
      voices.filter((service) => own.includes(service)),
      voices,
    )
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

async function takeOut(
  { config, log }: Deps,
  going: readonly ServiceName[],
  voices: readonly ServiceName[],
): Promise<void> {
  const { etcdPorts } = addressesOf(config.installation)
  const urlOf = (service: ServiceName, port: number) =>
    `https://${serviceAddress(config.installation, service).address}:${port}`
  const staying = voices.filter((service) => !going.includes(service))
  const urls = staying.map((service) => urlOf(service, etcdPorts.client))
  const store = makeEtcdClient({ urls, ...(await loadControlCertificate(config)) })
  try {
    const peers = new Set(going.map((service) => urlOf(service, etcdPorts.peer)))
    for (const { id, name, peerUrls } of await store.members()) {
      if (!peerUrls.some((url) => peers.has(url))) continue
      await patiently(() => store.removeMember(id))
      log.info('fleet.voice_taken_out', { member: name })
    }
  } finally {
    store.close()
  }
}
