import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { constants } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import { openMemoryFile, readSince } from './files.ts'

export interface RunOptions {
  readonly cwd?: string
  /** Added to this program's own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Given to the program on its standard input; none: it reads end of file at once. */
  readonly input?: string
  /** Its standard input ends only when this is aborted: for a program that goes on until then. */
  readonly inputUntil?: AbortSignal
  /** Everything that the program prints is also appended here. */
  readonly logFile?: string
  /** The program is killed after this time; the result says so. */
  readonly timeoutMs?: number
  /** Aborting kills the program. */
  readonly signal?: AbortSignal
  /**
   * Aborting asks the program and what it has started to end, as Ctrl-C does. They have a group of their own, which Ctrl-C in our
   * terminal does not reach, so that they are asked once; when this program ends, they end at once.
   */
  readonly interrupt?: AbortSignal
  /** Bytes of each stream that are kept in memory: the last ones. Default 1 MiB. */
  readonly keepBytes?: number
  /** Called with each piece of standard output, as it comes. */
  readonly onOutput?: (text: string) => void
  /**
   * Standard output is read when the program has ended, and goes to no log: for one that writes each word on its own, each
   * of which would wake this program.
   */
  readonly outputAtEnd?: boolean
  /** Standard output goes to this open file and nowhere else. */
  readonly outputTo?: number
}

export interface RunResult {
  /** 128 + signal number is not used: a killed program has `null`. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

/** Runs a program with its arguments as they are (never through a shell). Only a program that can't start throws. */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  if (options.outputAtEnd !== true) return await runPiped(argv, options)
  const file = await openMemoryFile()
  try {
    const result = await runPiped(argv, { ...options, outputTo: file.fd })
    const { size } = await file.stat()
    const kept = await readSince(file, Math.max(0, size - (options.keepBytes ?? KEEP_BYTES)))
    return { ...result, stdout: kept.toString('utf8') }
  } finally {
    await file.close()
  }
}

const KEEP_BYTES = 1_048_576

function runPiped(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
  const [file, ...args] = argv
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: 'a' })
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' }),
      detached: options.interrupt !== undefined,
      env: options.env === undefined ? process.env : { ...process.env, ...options.env },
      stdio: ['pipe', options.outputTo ?? 'pipe', 'pipe'],
    })
    const limit = options.keepBytes ?? KEEP_BYTES
    const stdout = tailOf(limit, log, options.onOutput)
    const stderr = tailOf(limit, log)
    let timedOut = false
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            child.kill('SIGKILL')
          }, options.timeoutMs)
    const letGo = options.interrupt === undefined ? undefined : holdGroup(child, options.interrupt)
    child.stdout?.on('data', stdout.add)
    child.stderr?.on('data', stderr.add)
    // A program that ends without reading its input closes the pipe; its exit code tells the story.
    child.stdin?.on('error', () => {})
    const endInput = () => child.stdin?.end(options.input ?? '')
    if (options.inputUntil === undefined || options.inputUntil.aborted) endInput()
    else options.inputUntil.addEventListener('abort', endInput, { once: true })
    child.on('error', (error) => {
      clearTimeout(timer)
      letGo?.()
      log?.end()
      reject(error)
    })
    child.on('close', (exitCode) => {
      clearTimeout(timer)
      letGo?.()
      const result = { exitCode, stdout: stdout.text(), stderr: stderr.text(), timedOut }
      if (log === undefined) resolve(result)
      else log.end(() => resolve(result))
    })
  })
}

/** Interrupts a program's group, once, and kills it when this program ends; until it is let go. */
function holdGroup({ pid }: ChildProcess, interrupt: AbortSignal): () => void {
  const tell = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, signal)
    } catch (error) {
      // It has just ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const ask = () => tell('SIGINT')
  const kill = () => tell('SIGKILL')
  interrupt.addEventListener('abort', ask)
  process.on('exit', kill)
  if (interrupt.aborted) ask()
  return () => {
    interrupt.removeEventListener('abort', ask)
    process.off('exit', kill)
  }
}

/** Starts a program that reads what to do, and says on its standard error what comes of it; its output goes to `outputFd`. */
export function startPartner(
  argv: readonly [string, ...string[]],
  {
    env,
    outputFd,
    moreFds,
  }: Readonly<{
    env: Readonly<Record<string, string>>
    outputFd: number
    /** Open files that it has as its own, from 3 on. */
    moreFds: readonly number[]
  }>,
): ChildProcess {
  const [file, ...args] = argv
  return spawn(file, args, {
    stdio: ['pipe', outputFd, 'pipe', ...moreFds],
    env: { ...process.env, ...env },
  })
}

/** Starts a program that goes on when this one ends; its output goes to `logFd`. Returns its process id. */
export function startDetached(
  argv: readonly [string, ...string[]],
  logFd: number,
  env: Readonly<Record<string, string>> = {},
): number {
  const [file, ...args] = argv
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', logFd, logFd],
    cwd: '/',
    env: { ...process.env, ...env },
  })
  child.unref()
  if (child.pid === undefined) throw new Error(`cannot start ${file}`)
  return child.pid
}

/** Runs a program that has this one's standard streams, its terminal too; gives its exit code, 128 + signal number if killed. */
export function runAttached(argv: readonly [string, ...string[]]): Promise<number> {
  const [file, ...args] = argv
  const child = spawn(file, args, { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}

/** Keeps the last `limit` bytes of a stream; what is cut is cut at the front. */
function tailOf(limit: number, log: WriteStream | undefined, onOutput?: (text: string) => void) {
  const chunks: Buffer[] = []
  // A character may come in two pieces.
  const decoder = new StringDecoder('utf8')
  let size = 0
  return {
    add: (chunk: Buffer) => {
      log?.write(chunk)
      onOutput?.(decoder.write(chunk))
      chunks.push(chunk)
      size += chunk.length
      while (chunks.length > 1 && size - (chunks[0]?.length ?? 0) >= limit)
        size -= chunks.shift()?.length ?? 0
    },
    text: () => Buffer.concat(chunks).subarray(-limit).toString('utf8'),
  }
}
