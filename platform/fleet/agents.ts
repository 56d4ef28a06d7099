import { MaruError } from '#contract/errors.ts'
import type { ControlConfig } from '#contract/installation.ts'
import { type Agents, makeAgentClient } from '#runtime/drivers/agent-client.ts'

/** The agents of all hosts. The first host's is behind a socket. */
export function makeAgents({ config }: { readonly config: ControlConfig }): Agents {
  const first = makeAgentClient(config.agentSocket)
  return {
    first,
    of: (host) => {
      if (host === config.host.name) return first
      throw new MaruError('hosts.not_found', { host })
    },
  }
}
