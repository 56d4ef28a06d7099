import { type Duplex, duplexPair } from 'node:stream'
import { RUN_FRAME, RunRequest } from '#contract/apps.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { encodeFrame } from '#runtime/kit/run-frames.ts'

/** A request is a command line with its terminal; longer is not one. */
const REQUEST_MAX_BYTES = 1024 * 1024
const NEWLINE = 0x0a
/** Who opens a stream knows what to run. */
const REQUEST_MS = 20_000

/**
 * The caller's end of a `run` stream whose other end opens once the caller's first line has said what to run. A
 * failure to open is told in an error frame, because the answer to the HTTP request has already been given.
 */
export function openRunStream(open: (request: RunRequest) => Promise<Duplex>): Duplex {
  const [inside, outside] = duplexPair()
  inside.on('error', () => outside.destroy())
  outside.on('error', () => inside.destroy())
  joinRun(inside, outside, open).catch((error: unknown) => {
    const shown =
      error instanceof MaruError ? error : new MaruError('apps.run_failed', { reason: 'internal error' })
    inside.end(encodeFrame(RUN_FRAME.error, JSON.stringify(shown.toBody())))
  })
  return outside
}

async function joinRun(
  inside: Duplex,
  outside: Duplex,
  open: (request: RunRequest) => Promise<Duplex>,
): Promise<void> {
  const { line, rest } = await readLine(inside)
  const target = await open(parseWith(RunRequest, parseJson(line)))
  // The caller went away while it was opened: closing the stream is what ends the command.
  if (outside.destroyed) {
    target.destroy()
    return
  }
  outside.on('close', () => target.destroy())
  target.on('error', () => inside.destroy())
  if (rest.length > 0) target.write(rest)
  inside.pipe(target).pipe(inside)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MaruError('invalid', { field: 'request', reason: 'must be one line of JSON' }, { cause: error })
  }
}

/** The first line of a stream, with what came after it in the same chunks; the stream is left paused. */
function readLine(stream: Duplex): Promise<{ line: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const late = setTimeout(() => {
      stop()
      reject(new MaruError('invalid', { field: 'request', reason: 'did not come in time' }))
    }, REQUEST_MS)
    const stop = () => {
      clearTimeout(late)
      stream.off('data', take)
      stream.off('end', end)
      stream.off('close', end)
      stream.pause()
    }
    const end = () => {
      stop()
      reject(new MaruError('invalid', { field: 'request', reason: 'is missing' }))
    }
    const take = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk])
      const at = seen.indexOf(NEWLINE)
      if (at < 0 && seen.length <= REQUEST_MAX_BYTES) return
      stop()
      if (at < 0) reject(new MaruError('invalid', { field: 'request', reason: 'is too long' }))
      else resolve({ line: seen.subarray(0, at).toString(), rest: seen.subarray(at + 1) })
    }
    stream.on('data', take)
    stream.on('end', end)
    stream.on('close', end)
  })
}
