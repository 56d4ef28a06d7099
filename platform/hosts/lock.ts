import { createHash } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { MaruError } from '#contract/errors.ts'

interface Holder {
  readonly pid: number
  readonly command: string
}

/**
 * Lets one `maru up`, `down` or `destroy` of a data folder run at a time. The lock is an abstract socket name: the
 * kernel gives it to one process only and takes it back when that process ends, however it ends.
 */
export async function takeLock(home: string, command: string): Promise<() => void> {
  const name = nameOf(home)
  const mine: Holder = { pid: process.pid, command }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(JSON.stringify(mine))
  })
  server.unref()
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen(name, () => resolve(true))
  })
  if (!taken) throw new MaruError('hosts.locked', { ...(await askHolder(name)) })
  return () => void server.close()
}

/** Whether one of them runs now: the agent leaves the platform's containers to it meanwhile. */
export function isLocked(home: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(nameOf(home))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? resolve(false) : reject(error),
    )
  })
}

const nameOf = (home: string) => `\0maru-lock-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`

/** Who holds the lock; it may end while we ask. */
async function askHolder(name: string): Promise<Holder> {
  try {
    return JSON.parse(await text(connect(name))) as Holder
  } catch {
    return { pid: 0, command: 'command' }
  }
}
