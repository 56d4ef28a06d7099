import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that can be cut: then connections end, and new ones are refused. */
export interface TestWay {
  readonly at: { readonly host: string; readonly port: number }
  cut(): Promise<void>
  heal(): Promise<void>
}

export async function makeTestWay(to: { readonly host: string; readonly port: number }): Promise<TestWay> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const join = (near: Socket) => {
    const far = keep(connect(to))
    keep(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  }
  const open = async (port: number): Promise<Server> => {
    const server = createServer(join).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server: Server | undefined = await open(0)
  const { port } = server.address() as { port: number }
  return {
    at: { host: '127.0.0.1', port },
    async cut() {
      if (server === undefined) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      server = undefined
    },
    async heal() {
      server ??= await open(port)
    },
  }
}
