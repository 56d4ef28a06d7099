import { MaruError } from '#contract/errors.ts'
import type { OutputFrame } from '#runtime/drivers/docker.ts'

export interface LogLimits {
  readonly lineBytes: number
  readonly lines: number
  /** A build that prints more than this is stopped. */
  readonly totalBytes: number
}

export const LOG_LIMITS: LogLimits = { lineBytes: 4096, lines: 100_000, totalBytes: 256 * 1024 * 1024 }

/** Shorter values are words such as `true` or `info`, which would tear holes into the log. */
const SECRET_MIN = 8
const HIDDEN = '[hidden]'

/** Replaces values of the configuration in a line; of addresses with a password, the password alone as well. */
export function makeMask(env: Readonly<Record<string, string>>): (line: string) => string {
  const values = Object.entries(env)
    .filter(([name]) => name !== 'NODE_ENV')
    .flatMap(([, value]) => [...value.split('\n'), passwordOf(value)])
    .filter((value) => value.length >= SECRET_MIN)
    .sort((a, b) => b.length - a.length)
  return (line) => values.reduce((text, value) => text.replaceAll(value, HIDDEN), line)
}

function passwordOf(value: string): string {
  return URL.canParse(value) ? decodeURIComponent(new URL(value).password) : ''
}

/** Turns a container's output into log lines: cut where they are too long, masked, and limited in number. */
export class BuildLog {
  readonly #emit: (line: string) => void
  readonly #mask: (line: string) => string
  readonly #limits: LogLimits
  readonly #open = { stdout: '', stderr: '' }
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  #lines = 0
  #bytes = 0

  constructor(emit: (line: string) => void, mask: (line: string) => string, limits = LOG_LIMITS) {
    this.#emit = emit
    this.#mask = mask
    this.#limits = limits
  }

  /** Throws `apps.build_limit` when the build has printed too much in all. */
  write({ stream, data }: OutputFrame): void {
    this.#bytes += data.length
    if (this.#bytes > this.#limits.totalBytes) {
      const limit = `${Math.round(this.#limits.totalBytes / 1024 ** 2)} MB of log`
      throw new MaruError('apps.build_limit', { limit })
    }
    const text = this.#open[stream] + this.#decoders[stream].decode(data, { stream: true })
    const lines = text.split('\n')
    this.#open[stream] = lines.pop() ?? ''
    for (const line of lines) this.line(line)
    if (this.#open[stream].length > this.#limits.lineBytes) {
      this.line(this.#open[stream])
      this.#open[stream] = ''
    }
  }

  line(text: string): void {
    this.#lines += 1
    const { lines, lineBytes } = this.#limits
    if (this.#lines === lines + 1) this.#emit(`… more than ${lines} lines: the rest is left out`)
    if (this.#lines > lines) return
    const masked = this.#mask(text.replace(/\r$/, ''))
    this.#emit(masked.length > lineBytes ? `${masked.slice(0, lineBytes)}…` : masked)
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#open[stream] !== '') this.line(this.#open[stream])
      this.#open[stream] = ''
    }
  }
}
