import type { Duplex } from 'node:stream'
import { AgentRunRequest } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** Reads the lines that a one-off command prints. */
export type FollowCommand = (
  stream: Duplex,
  onLine: (line: string) => Promise<void>,
  signal: AbortSignal,
) => Promise<number>

/** A program that a check runs inside an app's confinement, and what it does with what that says. */
export interface Probe {
  readonly host: HostName
  readonly command: readonly string[]
  readonly onLine: (line: string) => Promise<void>
}

const PROBE = { app: 'probe', appId: 'app_probe11' }

/**
 * Runs a program on an app's network of a host, as any app's program would be, and follows it to its end. False: the host has
 * no stack yet that it could run on.
 */
export async function runProbe(
  { agents }: Pick<ServerDeps, 'agents'>,
  { host, command, onLine }: Probe,
  follow: FollowCommand,
  signal: AbortSignal,
): Promise<boolean> {
  const agent = agents.of(host)
  const { newest } = await agent.stacks()
  const image = newest.find(({ usual }) => usual)?.image ?? null
  if (image === null) return false
  const request = AgentRunRequest.parse({
    ...{ kind: 'app', ...PROBE, release: 1, image, env: {} },
    command,
    ...{ tty: false, columns: 80, rows: 24, timeoutS: 30 },
  })
  await follow(await agent.run(request), onLine, signal)
  return true
}
