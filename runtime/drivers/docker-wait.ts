import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { findInEngine } from './docker-call.ts'

/** A request whose answer is read as a stream. */
export function dial(
  engine: Dockerode,
  request: Parameters<Dockerode['modem']['dial']>[0],
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    engine.modem.dial({ ...request, isStream: true }, (error, stream) =>
      error ? reject(error) : resolve(stream as Readable),
    )
  })
}

const START_POLL_MS = 50

/**
 * To the engine a container that was never started has ended already, with code 0; so its word is taken only when
 * the container has really run. One that is gone by then leaves nothing but that word.
 */
export async function waitFor(engine: Dockerode, id: string): Promise<number> {
  for (;;) {
    const { StatusCode } = await waitOnce(engine, id)
    const have = await findInEngine(() => engine.getContainer(id).inspect())
    if (have === undefined) return StatusCode
    if (have.State.Status === 'exited' || have.State.Status === 'dead') return have.State.ExitCode
    await pause(START_POLL_MS)
  }
}

/**
 * The engine answers with headers at once and with the body when the container ends. dockerode's own call never comes
 * back when the engine dies in between; a stream fails.
 */
async function waitOnce(engine: Dockerode, id: string): Promise<{ StatusCode: number }> {
  const source = await dial(engine, {
    path: `/containers/${encodeURIComponent(id)}/wait?`,
    method: 'POST',
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
  })
  let text = ''
  for await (const chunk of source.setEncoding('utf8')) text += chunk
  return JSON.parse(text) as { StatusCode: number }
}
