import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { MaruError } from '#contract/errors.ts'
import type { Log } from '#runtime/kit/log.ts'

/**
 * Prints the caller's process, user and group. Node has no way to ask; 17 is SO_PEERCRED. The socket is file 3: as a
 * standard stream it would be set to blocking, and that setting would be shared with this program.
 */
const PEER_PROGRAM =
  'use Socket; open(my $s, "+<&=", 3) or die; my $c = getsockopt($s, SOL_SOCKET, 17) or die; print join(" ", unpack("i3", $c));'

/** The user at the other end of a unix socket, as the kernel vouches for it. */
export async function peerUser(socket: Socket): Promise<number | undefined> {
  const child = spawn('perl', ['-e', PEER_PROGRAM], { stdio: ['ignore', 'pipe', 'ignore', socket] })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const uid = text.split(' ')[1]
  return code === 0 && uid !== undefined ? Number(uid) : undefined
}

/**
 * Listens for root on the host: a connection whose other end is the user 0 is joined to the control plane's socket,
 * where everything that arrives counts as root. Any other is closed without a word.
 */
export async function serveRootSocket(path: string, controlSocket: string, log: Log): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    admit(socket, controlSocket, log).catch((error: unknown) => {
      log.warn('agent.root_socket_failed', { error })
      socket.destroy()
    })
  })
  await listenOn(server, path)
  return server
}

async function admit(socket: Socket, controlSocket: string, log: Log): Promise<void> {
  const uid = await peerUser(socket)
  if (uid !== 0) {
    log.warn('agent.root_socket_refused', { uid: uid ?? 'unknown' })
    socket.destroy()
    return
  }
  const control = connect({ path: controlSocket, allowHalfOpen: true })
  control.on('error', () => refuse(socket))
  control.on('connect', () => {
    socket.on('close', () => control.destroy())
    control.on('close', () => socket.destroy())
    socket.pipe(control)
    control.pipe(socket)
  })
}

/** The caller speaks HTTP: it is told why in its own language. */
function refuse(socket: Socket): void {
  const body = `${JSON.stringify(new MaruError('unreachable', { what: 'The control plane' }).toBody())}\n`
  const head = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  socket.resume()
  socket.end(head + body)
}

/** Listens on a path that a dead process may have left behind; only the owner can open the socket. */
export async function listenOn(server: Server, path: string): Promise<void> {
  await rm(path, { force: true })
  // Between listen and chmod anyone could connect: the mask closes that moment.
  const before = process.umask(0o177)
  try {
    server.listen(path)
    await once(server, 'listening')
  } finally {
    process.umask(before)
  }
}
