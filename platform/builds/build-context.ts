import type { BuildRequest } from '#contract/agent.ts'
import type { AgentConfig } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { BuildLog, LogLimits } from './build-log.ts'

export interface BuildDeps {
  readonly docker: Docker
  readonly home: string
  readonly config: AgentConfig
  readonly log: Log
  /** Tests use smaller ones. */
  readonly limits?: BuildLimits
}

export interface BuildLimits {
  readonly memoryMb: number
  readonly cpus: number
  readonly processes: number
  readonly timeoutS: number
  readonly log?: LogLimits
}

/** What each way of building gets. `signal` covers the caller, the time limit and the disk. */
export interface BuildContext {
  readonly request: BuildRequest
  readonly deps: BuildDeps
  readonly limits: BuildLimits
  readonly source: string
  readonly out: BuildLog
  readonly labels: Readonly<Record<string, string>>
  readonly tag: string
  readonly signal: AbortSignal
  /** Cleaning up that the result does not depend on: done before the build ends, but nobody's deploy waits for it. */
  readonly leftovers: Array<Promise<void>>
}
