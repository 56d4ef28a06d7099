import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { RUN_FRAME } from '#contract/apps.ts'
import { ErrorBody, MaruError } from '#contract/errors.ts'
import { encodeFrame, makeFrameReader } from '#runtime/kit/run-frames.ts'

/** Reads the stream of a one-off command without input: hands over its lines, gives its exit code. */
export async function followOneOff(
  stream: Duplex,
  onLine: (line: string) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop)
  const readFrames = makeFrameReader()
  const lines = makeLineReader()
  let exitCode: number | undefined
  // Nobody types: a command that reads its input finds the end at once instead of waiting for ever.
  stream.write(encodeFrame(RUN_FRAME.stdinEnd))
  try {
    for await (const chunk of stream) {
      for (const { kind, payload } of readFrames(chunk as Buffer)) {
        if (kind === RUN_FRAME.stdout || kind === RUN_FRAME.stderr)
          for (const line of lines.push(kind, payload)) await onLine(line)
        if (kind === RUN_FRAME.error)
          throw MaruError.fromBody(ErrorBody.parse(JSON.parse(payload.toString())))
        if (kind === RUN_FRAME.exit)
          exitCode = (JSON.parse(payload.toString()) as { exitCode: number }).exitCode
      }
      if (exitCode !== undefined) break
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
  signal.throwIfAborted()
  for (const line of lines.rest()) await onLine(line)
  if (exitCode === undefined)
    throw new MaruError('apps.run_failed', { reason: 'the host ended it before it was complete' })
  return exitCode
}

/** Cuts what each output prints into lines; a character that is split between two chunks stays whole. */
function makeLineReader() {
  const outputs = new Map<number, { decoder: StringDecoder; rest: string }>()
  return {
    push(kind: number, payload: Buffer): string[] {
      const output = outputs.get(kind) ?? { decoder: new StringDecoder('utf8'), rest: '' }
      outputs.set(kind, output)
      const parts = (output.rest + output.decoder.write(payload)).split('\n')
      output.rest = parts.pop() ?? ''
      return parts
    },
    rest: (): string[] => [...outputs.values()].map(({ rest }) => rest).filter((rest) => rest !== ''),
  }
}
