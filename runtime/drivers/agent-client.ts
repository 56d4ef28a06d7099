import type { Duplex } from 'node:stream'
import type {
  AgentRunRequest,
  BuildEvent,
  BuildRequest,
  HostReport,
  WorkloadConfig,
} from '#contract/agent.ts'
import type { LogLine } from '#contract/apps.ts'

export interface LogQuery {
  readonly app: string
  readonly process?: string | undefined
  readonly follow: boolean
  readonly tail: number
}

/** The control plane's way to a host's agent. Failures are MaruErrors; an agent that is away is `unreachable`. */
export interface AgentClient {
  /** Hands over the whole state of the apps; `hosts.stale_generation` when the host has a newer one. */
  putWorkload(config: WorkloadConfig): Promise<{ generation: number }>
  /** The first report after `after`; waits at most `waitMs`, then answers with the latest. */
  report(after: number, waitMs: number, signal?: AbortSignal): Promise<HostReport>
  /** Builds; ends with a `done` or `failed` event. Aborting stops the build on the host. */
  build(request: BuildRequest, signal: AbortSignal): AsyncIterable<BuildEvent>
  /** Starts a one-off command; frames (RUN_FRAME) flow both ways. */
  run(request: AgentRunRequest): Promise<Duplex>
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>
  /** The last lines that a release's instances printed, stopped ones included. */
  lastLog(app: string, release: number, lines: number): Promise<string[]>
  removeApp(appId: string): Promise<void>
}
