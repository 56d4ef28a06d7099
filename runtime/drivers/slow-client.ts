/** Somebody who holds connections with requests that never end. */
export interface SlowClient {
  readonly host: string
  readonly port: number
  /** Its own address, where the machine has several. */
  readonly from?: string
  /** Over TLS, for whom it asks; left out: without TLS. */
  readonly name?: string
  /** So many connections at the same time. */
  readonly wants: number
  readonly seconds: number
}

/** What it prints at its end, as JSON. */
export interface SlowClientEnd {
  /** The most connections on which it had begun a request at the same time. */
  readonly most: number
  /** How often it came again after it was cut off. */
  readonly again: number
}

/** Whoever is cut off comes again a moment later: sooner would cost itself more than the other side. */
const AGAIN_MS = 100
const PROGRAM = `const wanted = JSON.parse(process.argv[1])
const { host, port, from, name, wants, seconds } = wanted
const { connect } = require(name ? 'node:tls' : 'node:net')
const how = name ? { servername: name, rejectUnauthorized: false } : {}
const end = Date.now() + seconds * 1000
let [open, most, again] = [0, 0, 0]
const go = () => {
  let isOpen = false
  const socket = connect({ host, port, localAddress: from, ...how })
  socket.on(name ? 'secureConnect' : 'connect', () => {
    isOpen = true
    most = Math.max(most, ++open)
    socket.write('GET / HTTP/1.1\\r\\nHost: ' + (name ?? 'slow') + '\\r\\n')
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (isOpen) open -= 1
    if (Date.now() < end) setTimeout(() => { again += 1; go() }, ${AGAIN_MS})
  })
}
for (let number = 0; number < wants; number += 1) go()
setTimeout(() => process.stdout.write(JSON.stringify({ most, again }), () => process.exit()), seconds * 1000)`

/** Arguments that run it: a program of its own, because it is run in somebody's network. */
export const slowClient = (client: SlowClient): [string, ...string[]] => [
  process.execPath,
  '-e',
  PROGRAM,
  JSON.stringify(client),
]
