import { connect } from 'node:net'

export interface Knock {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}

/**
 * Whether a machine is there. Its kernel answers a knock, with yes or with no, however busy or frozen its programs are; only
 * where no packet comes back there is silence.
 */
export function knock({ host, port, timeoutMs }: Knock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (answered: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answered)
    }
    // When it was this program that had no time, the answer is there by now: it is heard before the time is judged.
    const timer = setTimeout(() => setImmediate(end, false), timeoutMs)
    socket.once('connect', () => end(true))
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' || code === 'ECONNRESET'),
    )
  })
}
