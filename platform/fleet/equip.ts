import { MaruError } from '#contract/errors.ts'
import type { Fleet, ServiceName } from '#contract/fleet.ts'
import type { AgentAbout } from '#contract/membership.ts'
import type { Membership } from '#runtime/drivers/agent-membership.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { authorityOf, membershipOf } from './agents.ts'
import type { HostRow } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'log'>

/** Sees to it that a host has what a service needs there. The first host has it all; others get it sealed for their key. */
export async function equip(deps: Deps, to: HostRow, service: ServiceName): Promise<void> {
  if (to.is_first) return
  const membership = membershipOf(deps, to)
  const about = await membership.about()
  if (!about.services.includes(service)) await give(deps, membership, about, service)
}

/**
 * Gives a host what it has not got of that which is placed there: it was given it by an earlier version, or its name is that of a host
 * that is gone.
 */
export async function equipPlaced(
  deps: Deps,
  row: HostRow,
  about: AgentAbout,
  { services }: Fleet,
): Promise<void> {
  if (row.is_first) return
  const placed = Object.entries(services).filter(([, host]) => host === row.name)
  for (const [service] of placed as Array<[ServiceName, string]>)
    if (!about.services.includes(service)) await give(deps, membershipOf(deps, row), about, service)
}

/** The agent beside this control plane seals; nobody on the way can read it. */
async function give(
  deps: Deps,
  to: Membership,
  { host, certificate }: AgentAbout,
  service: ServiceName,
): Promise<void> {
  if (certificate === null) throw new MaruError('hosts.not_found', { host: host.name })
  const sealed = await authorityOf(deps).sealBundle({ service, certificate })
  await to.setBundle({ service, sealed })
  deps.log.info('fleet.service_equipped', { service, host: host.name })
}
