import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { HOME, type Installation, SOCKETS } from '#contract/installation.ts'
import type { AgentAbout } from '#contract/membership.ts'
import { edgeFiles, NONE_YET, prepareEdge } from '#platform/edge/index.ts'
import { makeMembership } from '#runtime/drivers/agent-membership.ts'
import { socketWay } from '#runtime/drivers/agent-transport.ts'
import { exists } from '#runtime/drivers/files.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'
import { pollUntil } from './poll.ts'

const AGENT_TIMEOUT_MS = 60_000
/** The control plane looks at its hosts every few seconds. */
const CONTROL_TIMEOUT_MS = 60_000

interface Place {
  readonly installation: Pick<Installation, 'name'>
  readonly home: string
}

/** What the agent of a joined host says of itself to root. */
export const askAgent = (home: string): Promise<AgentAbout> =>
  makeMembership(socketWay(join(home, HOME.run, SOCKETS.host))).about()

/** Waits until the agent of a joined host answers. */
export async function waitForAgent({ installation, home }: Place): Promise<AgentAbout> {
  const log = `\`docker logs ${installation.name}-agent\``
  const request = { what: 'Waiting for the host agent', timeoutMs: AGENT_TIMEOUT_MS, log }
  return await pollUntil(request, async () => await askAgent(home))
}

/** The agent asks for certificates as soon as it has its first state; until then the edge leads to nothing. */
export async function prepareJoinedEdge({
  installation,
  home,
}: {
  readonly installation: Installation
  readonly home: string
}): Promise<void> {
  const rootPem = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  await prepareEdge({ installation, home, rootPem, certificates: NONE_YET, now: () => new Date() })
}

/** Waits until the edge of a joined host answers. */
export async function waitForEdge({ installation, home }: Place): Promise<void> {
  const log = `\`docker logs ${installation.name}-edge\``
  const request = { what: 'Waiting for the edge', timeoutMs: AGENT_TIMEOUT_MS, log }
  const haproxy = makeHaproxy(edgeFiles(home))
  await pollUntil(request, async () => await haproxy.ask('show info'))
}

/** Waits until the control plane has asked something: from then on the host gets its states. */
export async function waitForControl({ installation, home }: Place): Promise<void> {
  const log = `\`docker logs ${installation.name}-agent\``
  const request = { what: 'Waiting for the control plane', timeoutMs: CONTROL_TIMEOUT_MS, log }
  await pollUntil(request, async () => (await askAgent(home)).controlSeenAt ?? undefined)
}

/** A host that was told of its removal is not brought up again. */
export async function refuseRemoved(home: string): Promise<void> {
  if (await exists(join(home, HOME.removed))) throw new MaruError('hosts.was_removed')
}
