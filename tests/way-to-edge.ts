import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test, or whatever else runs what must be done when it ends. */
export interface Ending {
  after(end: () => unknown): unknown
}

/** What either side sends goes to the other; they end together. */
export function joinConnections(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}

/** A socket file that leads to a port of this machine until the test ends: files can be reached from other networks. */
export async function openWay(t: Ending, port: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-way-'))
  const path = join(folder, 'edge.sock')
  const server = createServer((socket) => joinConnections(socket, connect(port, '127.0.0.1')))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.after(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  return path
}
