import { addressesOf } from '#contract/installation.ts'
import { hostLinks, linksOf } from '#runtime/drivers/container-links.ts'
import { type ContainerDetail, type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'
import type { InstancePort } from './guard.ts'
import { RUN_COMPONENT } from './instance-spec.ts'
import { isolatePorts } from './isolate.ts'
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
  const ports = await findPorts(details, apps.name)
  if (await guard.bind(ports)) log.info('agent.bound', { ports: ports.length })
}

/** The ports of containers on a network: which link of the host each has, what may come out of it, and whose it is where its label says so; else `app`'s. */
export async function findPorts(
  details: ReadonlyArray<ContainerDetail | undefined>,
  network: string,
  app?: string,
): Promise<InstancePort[]> {
  const running = details.flatMap((detail) => {
    const address = detail?.addresses[network]
    return detail === undefined || detail.pid === 0 || !address ? [] : [{ ...detail, address }]
  })
  if (running.length === 0) return []
  const names = await hostLinks()
  const found = await Promise.all(
    running.map(async ({ pid, address, labels }) => {
      const links = await linksOf(pid)
      const [own] = links
      const link = own && names.get(own.peer)
      // More than one network, or none: which link is which cannot be told, and nothing is bound.
      if (links.length !== 1 || own === undefined || link === undefined) return []
      return [{ link, card: own.card, address, app: labels[LABELS.app] ?? app ?? null }]
    }),
  )
  return found.flat()
}
