import type { IncomingMessage, ServerResponse } from 'node:http'
import { MaruError } from '#contract/errors.ts'

/** Reads a JSON body of at most so many bytes. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new MaruError('body_too_large', { limit: `${maxBytes} bytes` })
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new MaruError('invalid', { field: 'body', reason: 'is not JSON' }, { cause })
  }
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

/** Answers with an error; one that is no MaruError shows nothing of itself. After the first line only the end is left. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const shown =
    error instanceof MaruError ? error : new MaruError('internal', { requestId: 'agent' }, { cause: error })
  sendJson(response, shown.status, shown.toBody())
}

export interface LineSender {
  /** Resolves when the reader has room for more. */
  readonly send: (line: object) => Promise<void>
  readonly end: () => void
}

/** Resolves when the reader has room again, or has left. Whichever comes first takes the other's listener away. */
const roomFor = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })

/** Begins an answer of JSON lines. */
export function sendLines(response: ServerResponse): LineSender {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.flushHeaders()
  return {
    send: async (line) => {
      if (response.destroyed || response.write(`${JSON.stringify(line)}\n`)) return
      await roomFor(response)
    },
    end: () => response.end(),
  }
}
