import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * A program for a network of a test's own. `listen PORT…` answers every line with itself. `connect ADDRESS PORT` says
 * whether it got through, then sends each line that it is given and says whether it was answered. `listen-udp PORT` and
 * `ask-udp ADDRESS PORT` are the same for one packet of UDP over IPv6.
 */
const WAIT_MS = 700
const [what, ...rest] = process.argv.slice(2)
const say = (word: string) => process.stdout.write(`${word}\n`)

if (what === 'listen') {
  const ready = rest.map(
    (port) =>
      new Promise<void>((resolve) => {
        createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(Number(port), resolve)
      }),
  )
  void Promise.all(ready).then(() => say('ready'))
} else if (what === 'listen-udp') {
  const socket = createSocket('udp6')
  socket.on('message', (said, { port, address }) => socket.send(said, port, address))
  socket.bind(Number(rest[0]), () => say('ready'))
} else if (what === 'ask-udp') {
  const [host = '', port] = rest
  const socket = createSocket('udp6')
  const end = (word: string) => {
    say(word)
    process.exit()
  }
  socket.on('message', () => end('answered'))
  socket.on('error', () => end('refused'))
  // One that is connected is told what the other side's machine refuses.
  socket.connect(Number(port), host, () => socket.send('hello'))
  setTimeout(() => setImmediate(end, 'silent'), WAIT_MS)
} else {
  const [host = '', port] = rest
  const socket = connect({ host, port: Number(port) })
  // What has come in meanwhile is looked at before: a busy machine is not silent.
  const late = (work: () => void) => setTimeout(() => setImmediate(work), WAIT_MS)
  let open = false
  late(() => {
    if (open) return
    say('silent')
    process.exit()
  })
  socket.on('error', () => process.exit())
  socket.on('connect', () => {
    open = true
    say('open')
    let sent = 0
    let answered = 0
    socket.on('data', () => {
      if (answered < sent) say('answered')
      answered = sent
    })
    const lines = createInterface(process.stdin)
    lines.on('line', (line) => {
      sent += 1
      const mine = sent
      late(() => {
        if (answered < mine) say('silent')
      })
      socket.write(`${line}\n`)
    })
    lines.on('close', () => process.exit())
  })
}
