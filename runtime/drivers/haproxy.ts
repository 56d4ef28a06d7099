import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { isAbsent } from './files.ts'

export interface ReloadResult {
  readonly ok: boolean
  /** What HAProxy said while it started. */
  readonly log: string
}

/** A running HAProxy, through its admin socket and its master's socket. */
export interface Haproxy {
  /** The answer to a command of the runtime API; undefined when no HAProxy listens. */
  ask(command: string): Promise<string | undefined>
  /** Loads the configuration file anew without closing a listener; waits until the new worker serves. */
  reload(): Promise<ReloadResult>
  /** Joins the process that serves now; undefined when no HAProxy listens. */
  hold(): Promise<HeldWorker | undefined>
}

/** One process of HAProxy. A process that was replaced by a reload does not end while it is held. */
export interface HeldWorker {
  /** The answer to a command; undefined when the process is gone. */
  ask(command: string): Promise<string | undefined>
  release(): void
}

const ANSWER_TIMEOUT_MS = 10_000
/** Shorter than HAProxy's own patience with a silent connection (`stats timeout`). */
const HELD_TIMEOUT_MS = 50_000

/** A client of HAProxy's two unix sockets. */
export function makeHaproxy(sockets: { readonly admin: string; readonly master: string }): Haproxy {
  return {
    ask: (command) => unlessAway(exchange(sockets.admin, command)),
    reload: async () => {
      const answer = await exchange(sockets.master, 'reload')
      return { ok: answer.includes('Success=1'), log: answer.trim() }
    },
    hold: () => unlessAway(hold(sockets.admin)),
  }
}

/** How HAProxy ends an answer on a connection that goes on. */
const PROMPT = '\n> '

async function hold(socketPath: string): Promise<HeldWorker> {
  const socket = connect(socketPath)
  socket.setEncoding('utf8')
  const answers = readAnswers(socket)
  const ask = async (command: string) => {
    socket.write(`${command}\n`)
    const { value } = await answers.next()
    return value
  }
  await once(socket, 'connect')
  // From here on a failure is the end of the answers.
  socket.on('error', () => {})
  socket.setTimeout(HELD_TIMEOUT_MS, () => socket.destroy())
  await ask('prompt')
  return { ask, release: () => void socket.destroy() }
}

/** The answers of a connection, one after the other; ends with the connection. */
async function* readAnswers(socket: Socket): AsyncGenerator<string, undefined> {
  let text = ''
  try {
    for await (const chunk of socket as AsyncIterable<string>) {
      text += chunk
      if (!text.endsWith(PROMPT)) continue
      yield text.slice(0, -PROMPT.length)
      text = ''
    }
  } catch {
    // However a local socket fails, the process behind it is gone or does not answer.
  }
  return undefined
}

/** One command a connection: HAProxy closes it after its answer, which is how the answer's end is known. */
function exchange(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let answer = ''
    socket.setEncoding('utf8')
    socket.setTimeout(ANSWER_TIMEOUT_MS, () =>
      socket.destroy(new Error(`HAProxy did not answer "${command.split(' ')[0]}"`)),
    )
    socket.on('connect', () => socket.write(`${command}\n`))
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(answer))
  })
}

async function unlessAway<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isAway(error)) return undefined
    throw error
  }
}

function isAway(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return isAbsent(error) || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE'
}
