import type { Fleet, ServiceName } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { ETCD_SERVICES, serviceAddress, storeUrl } from '#platform/mesh/index.ts'
import type { EtcdClient } from '#runtime/drivers/etcd-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { keepOpen, type StoreDeps } from './open-store.ts'
import { type LeaderMemory, NEVER_LED, planStoreLeader, type Voice } from './store-leader-plan.ts'

export interface StoreLeaderDeps extends StoreDeps {
  readonly log: Log
  readonly self: HostName
  fleet(): Fleet
}

const BEAT_MS = 2_000

/** Keeps the lead of the store away from the hosts of the database pair, where there is such a member. */
export function watchStoreLeader(deps: StoreLeaderDeps, signal: AbortSignal): void {
  const store = keepOpen(deps)
  const forever = async () => {
    let memory = NEVER_LED
    let failed = false
    while (!signal.aborted) {
      try {
        memory = await look(deps, store.current, memory)
        failed = false
      } catch (error) {
        if (!failed) deps.log.warn('agent.store_leader', { error })
        failed = true
        memory = { ...memory, wellSince: undefined }
      }
      await pause(BEAT_MS, signal)
    }
    store.close()
  }
  void forever()
}

async function look(
  { installation, log, self, fleet }: StoreLeaderDeps,
  open: () => Promise<EtcdClient>,
  before: LeaderMemory,
): Promise<LeaderMemory> {
  const { services } = fleet()
  const placed = ETCD_SERVICES.flatMap((service) => {
    const host = services[service]
    const { address } = serviceAddress(installation, service)
    return host === undefined ? [] : [{ host, url: storeUrl(installation, address) }]
  })
  const own = placed.find(({ host }) => host === self)
  if (own === undefined || placed.length < ETCD_SERVICES.length) return { ...before, wellSince: undefined }
  const store = await open()
  const mine = await store.status(own.url)
  // The others are asked by whoever leads only.
  if (mine.id !== mine.leader) return { ...before, wellSince: undefined }
  const voices = await Promise.all(
    placed.map(async ({ host, url }): Promise<Voice> => {
      const status = host === self ? mine : await store.status(url).catch(() => undefined)
      return { host, status }
    }),
  )
  const pair = (['postgres-1', 'postgres-2'] satisfies ServiceName[]).flatMap((one) => services[one] ?? [])
  const { to, memory } = planStoreLeader(voices, self, pair, before, performance.now())
  if (to === undefined) return memory
  await store.handLeadTo(own.url, to)
  log.info('agent.store_lead_handed_over', { to: voices.find(({ status }) => status?.id === to)?.host ?? to })
  return memory
}
