import type { WorkloadConfig } from '#contract/agent.ts'
import type { Fleet } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { INSTANCE_PORT } from '#contract/installation.ts'
import type { EdgeApp, EdgeDeps, EdgeResult } from '#platform/edge/index.ts'
import { controlsOf } from '#platform/mesh/index.ts'
import type { EngineContainer } from '#runtime/drivers/docker.ts'
import { serverName } from './instance-spec.ts'
import type { WantedInstance } from './instances.ts'
import type { ReconcileDeps } from './reconcile.ts'

/** What a host without an edge has brought about there. */
export const NO_EDGE: EdgeResult = {
  did: 'nothing',
  running: undefined,
  pending: [],
  waiting: [],
  leaving: [],
  missing: new Set(),
}

/** This host's edge among those of the others. */
export function edgeOf(
  {
    edge,
    config: { host },
    membership,
    address,
  }: Pick<ReconcileDeps, 'edge' | 'config' | 'membership' | 'address'>,
  workload: Pick<WorkloadConfig, 'peers'>,
): EdgeDeps | undefined {
  if (edge === undefined) return undefined
  const isAlone = host.first && workload.peers.length === 0
  const controls = controlsOf(membership.fleet(), host.name)
  const self = isAlone ? undefined : { host: host.name, members: othersOf(membership.fleet(), host.name) }
  return { ...edge, self, controls, turn: address.hasGivenUp() ? 'leaving' : '' }
}

const othersOf = ({ hosts }: Fleet, own: HostName): string[] =>
  hosts.filter(({ name }) => name !== own).map(({ address }) => address)

/** What the edge should lead to: the web instances that have an address now. */
export function edgeApps(
  workload: WorkloadConfig,
  wanted: readonly WantedInstance[],
  have: readonly EngineContainer[],
): EdgeApp[] {
  const addresses = new Map(have.map((one) => [one.name, Object.values(one.addresses)[0]]))
  return workload.apps
    .filter(({ hostNames }) => hostNames.length > 0)
    .map((app) => ({
      app: app.app,
      appId: app.appId,
      hostNames: app.hostNames,
      peers: app.elsewhere,
      servers: wanted
        .filter((one) => one.app === app && one.instance.process === 'web')
        .flatMap(({ instance, spec }) => {
          const address = addresses.get(spec?.name ?? '')
          if (address === undefined) return []
          const serves = instance.traffic === 'serve'
          return [{ name: serverName(instance), address, port: INSTANCE_PORT, serves }]
        }),
    }))
}
