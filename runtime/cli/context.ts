import type { EventEmitter } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'

export type Environment = Readonly<Record<string, string | undefined>>

/** The process around a command, given by bin/maru.ts so that commands can be tested without it. */
export interface CliContext {
  readonly env: Environment
  readonly cwd: string
  readonly uid: number
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly stderr: WriteStream
  /** Where SIGINT arrives. */
  readonly signals: EventEmitter
  readonly now: () => Date
  /** Sets the exit code; the process ends when the command does. */
  setExit(code: number): void
}

/** Options that every command that talks to the control plane has. */
export interface ApiOptions {
  readonly json?: boolean
  readonly home?: string
  readonly remote?: boolean
}

export const DEFAULT_HOME = '/var/lib/maru'
/** Where `maru lab up` makes a lab that is not told another place. */
export const DEFAULT_LAB_HOME = '/var/lib/maru-lab'

/** The installation's data folder on this host. */
export const homeOf = (context: Pick<CliContext, 'env'>, options: ApiOptions): string =>
  options.home ?? context.env.MARU_HOME ?? DEFAULT_HOME

/** The context of this very process. */
export const processContext = (): CliContext => ({
  env: process.env,
  cwd: process.cwd(),
  uid: process.getuid?.() ?? -1,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  now: () => new Date(),
  setExit: (code) => {
    process.exitCode = code
  },
})
