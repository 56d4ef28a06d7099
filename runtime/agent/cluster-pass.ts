import { join } from 'node:path'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { openAuthority } from '#platform/trust/index.ts'

/** A certificate of the installation with its key and its root (PEM): it opens the cluster's store and its keepers. */
export interface ClusterPass {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

const DAYS = 30

/** Issues certificates to the agent. They are made when they are needed and never leave this process. */
export const passFor =
  ({ home }: Pick<AgentConfig, 'home'>) =>
  async (): Promise<ClusterPass> => {
    const authority = await openAuthority(join(home, HOME.pki))
    const names = { commonName: 'agent', dnsNames: ['agent.maru.internal'] }
    const { certPem, keyPem } = await authority.issue({ ...names, days: DAYS, client: true })
    return { ca: authority.rootPem, cert: certPem, key: keyPem }
  }
