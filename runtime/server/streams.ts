import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type Duplex, Transform } from 'node:stream'
import { finished } from 'node:stream/promises'
import { MaruError } from '#contract/errors.ts'
import type { StreamEvent } from './handler.ts'

/** Often enough that no proxy between takes a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000

/** What an upgraded connection is called on the wire. */
export const UPGRADE = 'maru-stream'

/** Sends server-sent events until the source ends or the caller leaves. A failure is the last event, named `error`. */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<StreamEvent<unknown>>,
  signal: AbortSignal,
  failed: (error: unknown) => MaruError,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
  response.flushHeaders()
  const heartbeat = keepAlive(response, ': still here\n\n')
  try {
    for await (const { id, data } of events)
      await write(
        response,
        `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
        signal,
      )
  } catch (error) {
    if (!signal.aborted)
      await write(response, `event: error\ndata: ${JSON.stringify(failed(error).toBody())}\n\n`, signal)
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}

/** Sends newline-delimited JSON. A failure is the last line: an ErrorBody. An empty line only keeps the connection. */
export async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  signal: AbortSignal,
  failed: (error: unknown) => MaruError,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.flushHeaders()
  const heartbeat = keepAlive(response, '\n')
  try {
    for await (const line of lines) await write(response, `${JSON.stringify(line)}\n`, signal)
  } catch (error) {
    if (!signal.aborted) await write(response, `${JSON.stringify(failed(error).toBody())}\n`, signal)
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}

/** Says something now and then; not to a reader that is behind, which has enough to read. */
const keepAlive = (response: ServerResponse, text: string) =>
  setInterval(() => {
    if (!response.destroyed && !response.writableNeedDrain) response.write(text)
  }, HEARTBEAT_MS)

/** Waits for a slow reader instead of filling the memory; a reader that left ends the loop. */
async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw signal.reason
  if (!response.write(text)) await once(response, 'drain', { signal })
}

/** Switches protocols and joins the caller's connection to the handler's stream until either ends. */
export async function joinDuplex(
  socket: Duplex,
  head: Buffer,
  stream: Duplex,
  signal: AbortSignal,
): Promise<void> {
  const end = () => {
    socket.destroy()
    stream.destroy()
  }
  signal.addEventListener('abort', end)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${UPGRADE}\r\n\r\n`)
  if (head.length > 0) stream.write(head)
  socket.pipe(stream).pipe(socket)
  // Either side may break off at any time: that is how such a stream ends.
  await Promise.race([finished(socket), finished(stream, { writable: false })]).catch(() => undefined)
  await finished(socket, { readable: false }).catch(() => undefined)
  signal.removeEventListener('abort', end)
  end()
}

/** Passes at most `maxBytes`; one more byte fails the stream with `body_too_large`. */
export function limitBytes(maxBytes: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes <= maxBytes) done(null, chunk)
      else done(tooLarge(maxBytes))
    },
  })
}

/** The error for a body over the limit. */
export const tooLarge = (maxBytes: number) =>
  new MaruError('body_too_large', { limit: `${Math.floor(maxBytes / 1024 / 1024)} MB` })
