import { connect } from 'node:net'
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
}

const ANSWER_TIMEOUT_MS = 10_000

/** A client of HAProxy's two unix sockets. */
export function makeHaproxy(sockets: { readonly admin: string; readonly master: string }): Haproxy {
  return {
    ask: (command) => unlessAway(exchange(sockets.admin, command)),
    reload: async () => {
      const answer = await exchange(sockets.master, 'reload')
      return { ok: answer.includes('Success=1'), log: answer.trim() }
    },
  }
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

async function unlessAway(answer: Promise<string>): Promise<string | undefined> {
  try {
    return await answer
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (isAbsent(error) || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE')
      return undefined
    throw error
  }
}
