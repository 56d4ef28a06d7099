import { join } from 'node:path'
import type { Fleet } from '#contract/fleet.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { isOn } from '#platform/mesh/index.ts'
import { openAuthority } from '#platform/trust/index.ts'
import type { HostMembership } from './membership.ts'

/** A certificate of the installation with its key and its root (PEM): it opens the cluster's store and its keepers. */
export interface ClusterPass {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

const DAYS = 30
/** Long before it ends. */
const ANEW_MS = 7 * 86_400_000

/**
 * Certificates for the agent: a joined host's own, as it is now; on the first host, which has the authority, one is made each week
 * and never leaves this process.
 */
export function passFor(
  { home }: Pick<AgentConfig, 'home'>,
  membership: Pick<HostMembership, 'credentials'>,
): () => Promise<ClusterPass> {
  let made: { readonly pass: ClusterPass; readonly at: number } | undefined
  return async () => {
    const own = membership.credentials()
    if (own !== null) return own
    if (made === undefined || performance.now() - made.at > ANEW_MS) {
      const authority = await openAuthority(join(home, HOME.pki))
      const names = { commonName: 'agent', dnsNames: ['agent.maru.internal'] }
      const { certPem, keyPem } = await authority.issue({ ...names, days: DAYS, client: true })
      made = { pass: { ca: authority.rootPem, cert: certPem, key: keyPem }, at: performance.now() }
    }
    return made.pass
  }
}

/** Whether a member of the database pair is on a host. */
export const hasMember = (self: HostIdentity, fleet: Fleet): boolean =>
  isOn('postgres-1', self, fleet) || isOn('postgres-2', self, fleet)
