import { type AgentConfig, addressesOf } from '#contract/installation.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { Guard } from './guard.ts'
import { findPorts } from './instance-ports.ts'
import { portsOf } from './isolate.ts'

interface PartDeps {
  readonly config: Pick<AgentConfig, 'installation'>
  readonly docker: Pick<Docker, 'containers'>
  readonly guard: Pick<Guard, 'bind'>
  readonly log: Log
}

/**
 * Binds the ports of the platform's own parts, such as the databases, to their addresses. One that the engine has started again by
 * itself has another link and is heard as before until it is bound, so that no part waits for an agent. While nobody has come to
 * these networks or left them, no engine is asked.
 */
export function makePartPorts({ docker, config, guard, log }: PartDeps): () => Promise<void> {
  const { data, edge, apps } = addressesOf(config.installation).networks
  // Nobody but parts has a link at these; one of them has another where the apps are.
  const own = [data, edge]
  const all = [...own, apps]
  const names: readonly string[] = own.map(({ name }) => name)
  const running = async () => {
    const found = await docker.containers.list({ [LABELS.owner]: config.installation.id })
    const parts = found.filter(
      ({ state, networks }) => state === 'running' && networks.some((name) => names.includes(name)),
    )
    return await Promise.all(parts.map(({ id }) => docker.containers.inspect(id)))
  }
  let seen: string | undefined
  return async () => {
    const there = (await Promise.all(all.map(({ bridge }) => portsOf(bridge)))).flat().sort().join()
    if (there === seen) return
    const details = await running()
    const ports = (await Promise.all(all.map((network) => findPorts(details, network)))).flat()
    if (await guard.bind(ports, 'parts')) log.info('agent.parts_bound', { ports: ports.length })
    // One that has just come may have no address or link yet: the next pass asks again.
    const expected = details.flatMap((detail) => all.filter(({ name }) => detail?.addresses[name]))
    seen = ports.length === expected.length ? there : undefined
  }
}
