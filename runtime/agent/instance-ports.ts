import type { NetworkSpec } from '#contract/agent.ts'
import { addressesOf } from '#contract/installation.ts'
import { hostLinks, linksOf } from '#runtime/drivers/container-links.ts'
import { type ContainerDetail, type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'
import type { InstancePort } from './guard.ts'
import { RUN_COMPONENT } from './instance-spec.ts'
import { isolatePorts, portsOf } from './isolate.ts'
import type { ReconcileDeps } from './reconcile.ts'

/** Isolates the ports of the instances that run, and of one-off commands, from each other, and binds each to its address. */
export async function holdPorts(
  { docker, config, guard, log }: Pick<ReconcileDeps, 'docker' | 'config' | 'guard' | 'log'>,
  instances: readonly EngineContainer[],
): Promise<void> {
  const labels = { [LABELS.owner]: config.installation.id, [LABELS.component]: RUN_COMPONENT }
  const all = [...instances, ...(await docker.containers.list(labels))]
  const running = all.filter(({ state }) => state === 'running')
  const details = await Promise.all(running.map(({ id }) => docker.containers.inspect(id)))
  const pids = details.map((detail) => detail?.pid ?? 0).filter((pid) => pid > 0)
  const changed = await isolatePorts(pids)
  if (changed > 0) log.info('agent.isolated', { ports: changed })
  const { apps } = addressesOf(config.installation).networks
  const ports = await findPorts(details, apps)
  if (await guard.bind(ports)) log.info('agent.bound', { ports: ports.length })
}

/**
 * The ports of containers on a network: which link of the host each has at its bridge, what may come out of it, and whose it is where
 * its label says so; else `app`'s.
 */
export async function findPorts(
  details: ReadonlyArray<ContainerDetail | undefined>,
  network: Pick<NetworkSpec, 'name' | 'bridge'>,
  app?: string,
): Promise<InstancePort[]> {
  const running = details.flatMap((detail) => {
    const address = detail?.addresses[network.name]
    return detail === undefined || detail.pid === 0 || !address ? [] : [{ ...detail, address }]
  })
  if (running.length === 0) return []
  const [names, there] = await Promise.all([hostLinks(), portsOf(network.bridge)])
  const found = await Promise.all(
    running.map(async ({ pid, address, labels }) => {
      const links = (await linksOf(pid)).flatMap(({ card, peer }) => {
        const link = names.get(peer)
        return link !== undefined && there.includes(link) ? [{ link, card }] : []
      })
      // More than one at this bridge, or none: which is which cannot be told, and nothing is bound.
      const [own] = links
      if (links.length !== 1 || own === undefined) return []
      return [{ ...own, address, app: labels[LABELS.app] ?? app ?? null }]
    }),
  )
  return found.flat()
}
