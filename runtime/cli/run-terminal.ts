import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { RUN_FRAME, type RunRequest } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { encodeFrame, type Frame, makeFrameReader } from '#runtime/kit/run-frames.ts'
import type { CliContext } from './context.ts'
import type { Session } from './session.ts'

/** Whether both ends are a terminal, so that the program on the other side can have one. */
export const hasTerminal = ({ stdin, stdout }: Pick<CliContext, 'stdin' | 'stdout'>): boolean =>
  stdin.isTTY === true && stdout.isTTY === true

/** Size and kind of the terminal, as the first message of a stream tells it. */
export function terminalOf(context: CliContext, tty: boolean): Pick<RunRequest, 'tty' | 'columns' | 'rows'> {
  const clamp = (size: number | undefined, otherwise: number) => Math.min(1000, size || otherwise)
  return { tty, columns: clamp(context.stdout.columns, 80), rows: clamp(context.stdout.rows, 24) }
}

/** Sends standard input and changes of size; gives back what ends it and restores the terminal. */
function sendInput({ stdin, stdout }: CliContext, stream: Duplex, tty: boolean): () => void {
  const onData = (chunk: Buffer) => {
    if (stream.write(encodeFrame(RUN_FRAME.stdin, chunk))) return
    stdin.pause()
    stream.once('drain', () => stdin.resume())
  }
  const onEnd = () => void stream.write(encodeFrame(RUN_FRAME.stdinEnd))
  const onResize = () =>
    void stream.write(
      encodeFrame(RUN_FRAME.resize, JSON.stringify({ columns: stdout.columns, rows: stdout.rows })),
    )
  stdin.on('data', onData).once('end', onEnd)
  if (tty) {
    stdin.setRawMode(true)
    stdout.on('resize', onResize)
  }
  return () => {
    stdin.off('data', onData).off('end', onEnd)
    stdout.off('resize', onResize)
    if (tty) stdin.setRawMode(false)
    stdin.pause()
  }
}

const NAMES = { [RUN_FRAME.stdout]: 'stdout', [RUN_FRAME.stderr]: 'stderr' } as const

/** Writes what the command prints, byte for byte; as lines of JSON where scripts asked for them. */
function makeWriter({ out, context }: Session): (kind: 1 | 2, payload: Buffer) => Promise<void> {
  const decoders = { [RUN_FRAME.stdout]: new StringDecoder(), [RUN_FRAME.stderr]: new StringDecoder() }
  return async (kind, payload) => {
    const name = NAMES[kind]
    if (out.json) return out.item({ type: name, text: decoders[kind].write(payload) }, () => '')
    if (context[name].write(payload)) return
    await new Promise((resolve) => context[name].once('drain', resolve))
  }
}

/** Reads frames until the command's exit code. */
async function receiveOutput(session: Session, stream: Duplex): Promise<number> {
  const readFrames = makeFrameReader()
  const write = makeWriter(session)
  const take = async ({ kind, payload }: Frame): Promise<number | undefined> => {
    if (kind === RUN_FRAME.exit) return JSON.parse(payload.toString()).exitCode
    if (kind === RUN_FRAME.error) throw MaruError.fromBody(JSON.parse(payload.toString()))
    if (kind === RUN_FRAME.stdout || kind === RUN_FRAME.stderr) await write(kind, payload)
    return undefined
  }
  for await (const chunk of stream) {
    for (const frame of readFrames(chunk)) {
      const exitCode = await take(frame)
      if (exitCode !== undefined) return exitCode
    }
  }
  throw new Error('the stream ended before the command did')
}

/**
 * Joins this terminal to a command that runs on the platform until it ends; the exit code is its own. The connection
 * can't be resumed: the platform ends the command when it is lost.
 */
export async function joinTerminal(session: Session, stream: Duplex, first: RunRequest): Promise<void> {
  const { context, out } = session
  stream.write(`${JSON.stringify(first)}\n`)
  const stopInput = sendInput(context, stream, first.tty)
  try {
    const exitCode = await receiveOutput(session, stream)
    if (out.json) out.item({ type: 'exit', exitCode }, () => '')
    context.setExit(exitCode)
  } catch (error) {
    if (error instanceof MaruError) throw error
    throw new MaruError('unreachable', { what: 'The running command' }, { cause: error })
  } finally {
    stopInput()
    stream.destroy()
  }
}
