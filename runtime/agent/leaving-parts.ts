import type { AgentConfig } from '#contract/installation.ts'
import { applyStep } from '#platform/hosts/converge.ts'
import { isLocked } from '#platform/hosts/lock.ts'
import { isOn, serviceOf } from '#platform/mesh/index.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { HostMembership } from './membership.ts'

export interface LeavingParts {
  readonly config: AgentConfig
  readonly docker: Docker
  readonly log: Log
  readonly membership: Pick<HostMembership, 'fleet'>
}

/**
 * Ends the parts of the platform that have another host now. Before the rules and the ways follow: from then on a part's
 * address is a way to the other host, with a way's rights, and a standby that is cut off instead of ending in order keeps
 * the primary's writes waiting until its silence is noticed.
 */
export async function endLeavingParts({ config, docker, log, membership }: LeavingParts): Promise<void> {
  const fleet = membership.fleet()
  const owner = config.installation.id
  const containers = await docker.containers.list({ [LABELS.owner]: owner })
  const leaving = containers.filter(({ labels }) => {
    const service = serviceOf(labels[LABELS.component] ?? '')
    return service !== undefined && !isOn(service, config.host, fleet)
  })
  if (leaving.length === 0 || (await isLocked(config.home))) return
  const onStep = (step: string) => log.info('agent.platform_step', { step })
  for (const { id, name } of leaving)
    await applyStep({ docker, owner, onStep }, { kind: 'remove', name, id, reason: 'surplus' })
}
