import type { HostReport, PlatformConfig } from '#contract/agent.ts'
import { backendOf, inwardOf, type RunningEdge } from '#platform/edge/index.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { judgeComponents } from './components.ts'
import { serverName } from './instance-spec.ts'
import { describeLeaving, judgeInstance } from './instance-state.ts'
import { keyOf, type WantedInstance } from './instances.ts'
import type { BroughtApps, ReconcileDeps } from './reconcile.ts'

/** How the platform's parts and the instances on this host are. */
export async function observe(
  deps: ReconcileDeps,
  platform: PlatformConfig | undefined,
  apps: BroughtApps | undefined,
  edge: RunningEdge | undefined,
): Promise<Pick<HostReport, 'components' | 'instances'>> {
  const containers = await deps.docker.containers.list({ [LABELS.owner]: deps.config.installation.id })
  const facts = {
    containers,
    memory: deps.memory,
    edge,
    heldAddress: deps.address.held(),
    silentResolvers: deps.resolver.silent(),
    detectorProblem: deps.detector.report()?.problem,
    upstreamProblem: deps.upstream.report()?.problem,
  }
  return {
    components: platform === undefined ? [] : judgeComponents(platform, facts),
    instances: [
      ...(await Promise.all((apps?.wanted ?? []).map((one) => observeInstance(deps, one, apps, edge)))),
      ...(apps?.leaving ?? []).map(describeLeaving),
    ],
  }
}

async function observeInstance(
  deps: ReconcileDeps,
  one: WantedInstance,
  apps: BroughtApps | undefined,
  edge: RunningEdge | undefined,
) {
  const container = one.spec === undefined ? undefined : await deps.docker.containers.inspect(one.spec.name)
  const backend = backendOf(one.app)
  const servers = edge?.servers.filter(({ name }) => name === serverName(one.instance)) ?? []
  const server = servers.find((it) => it.backend === backend)
  const inward = servers.find((it) => it.backend === inwardOf(backend))
  const facts = {
    container,
    lastEnd: container === undefined ? undefined : deps.watch.lastEnd(container.id),
    edge: server && { ...server, openRequests: server.openRequests + (inward?.openRequests ?? 0) },
    memoryBytes: container === undefined ? undefined : deps.memory.get(container.id),
    problem: apps?.problems.get(keyOf(one)),
    awaitsCertificate: one.app.hostNames.some((name) => apps?.edgeMissing.has(name)),
  }
  return judgeInstance(one.app.app, one.instance, facts, deps.now())
}
