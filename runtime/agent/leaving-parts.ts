import { CONTROL_SERVICES, SERVICES } from '#contract/fleet.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { applyStep } from '#platform/hosts/converge.ts'
import { isLocked } from '#platform/hosts/lock.ts'
import { componentOf } from '#platform/mesh/index.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { HostMembership } from './membership.ts'

export interface LeavingParts {
  readonly config: AgentConfig
  readonly docker: Docker
  readonly log: Log
  readonly membership: Pick<HostMembership, 'fleet'>
}

/** Others see at once that one of these is cut off; what else leaves is replaced by its way when it is its turn. */
const MISSED = SERVICES.filter((service) => !CONTROL_SERVICES.some((one) => one === service))

/**
 * Ends the members of the database pair and of the store that have another host now, unless somebody else is at the
 * containers. Before the rules and the ways follow: from then on a part's address is a way to the other host, with a way's rights, and
 * a standby that is cut off instead of ending in order keeps the primary's writes waiting until its silence is noticed.
 */
export async function endLeavingParts({ config, docker, log, membership }: LeavingParts): Promise<void> {
  const { services } = membership.fleet()
  const elsewhere = MISSED.filter((service) => (services[service] ?? config.host.name) !== config.host.name)
  // Every pass comes here, also where nobody has joined.
  if (elsewhere.length === 0) return
  const components = new Set(elsewhere.map(componentOf))
  const owner = config.installation.id
  const containers = await docker.containers.list({ [LABELS.owner]: owner })
  const leaving = containers.filter(({ labels }) => components.has(labels[LABELS.component] ?? ''))
  if (leaving.length === 0 || (await isLocked(config.home))) return
  const onStep = (step: string) => log.info('agent.platform_step', { step })
  for (const { id, name } of leaving)
    await applyStep({ docker, owner, onStep }, { kind: 'remove', name, id, reason: 'surplus' })
}
