import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import type { CliContext, Environment } from './context.ts'

export interface TestContextOptions {
  readonly env?: Environment
  readonly cwd?: string
  readonly uid?: number
  readonly input?: string
  /** Pretends that standard error is a terminal. */
  readonly tty?: boolean
}

/** A process around a command that keeps what it prints; there is no terminal to ask on. */
export function makeTestContext(options: TestContextOptions = {}) {
  const printed = { stdout: '', stderr: '', exit: 0 }
  const collect = (name: 'stdout' | 'stderr', isTTY: boolean) => {
    const stream = new PassThrough()
    stream.on('data', (chunk) => {
      printed[name] += chunk
    })
    return Object.assign(stream, { isTTY, columns: 80 }) as unknown as WriteStream
  }
  const stdin = new PassThrough()
  stdin.end(options.input ?? '')
  const context: CliContext = {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    uid: options.uid ?? 1000,
    stdin: stdin as unknown as ReadStream,
    stdout: collect('stdout', false),
    stderr: collect('stderr', options.tty ?? false),
    signals: new EventEmitter(),
    now: () => new Date('2026-03-10T12:00:00Z'),
    setExit: (code) => {
      printed.exit = code
    },
  }
  return { context, printed }
}
