import { randomInt } from 'node:crypto'
import { endAll } from '../network/programs-on-host.ts'
import type { HostsPlace, LabHost } from './hosts-place.ts'

/** Ports of what a machine carries besides the platform, the same on every host. */
export interface OtherPorts {
  /** Where an operator's ssh usually is. */
  readonly ssh: number
  /** A program's, by TCP and by UDP. */
  readonly program: number
  /** Of a container, which the engine publishes. */
  readonly published: number
}

/** Where what the machines carry asks by itself, outside: the container has another port than the program. */
export interface AskedOutside {
  readonly host: string
  readonly program: number
  readonly container: number
}

/** Below those that the kernel gives to connections by itself. */
const FROM = { first: 21_000, last: 31_000 } as const
const INSIDE = 8000
const LISTENING = 'listens'

export function choosePorts(): { readonly ports: OtherPorts; readonly asked: readonly [number, number] } {
  const first = randomInt(FROM.first, FROM.last)
  return { ports: { ssh: 22, program: first, published: first + 1 }, asked: [first + 2, first + 3] }
}

/** Answers at its ports, and asks outside twice a second, by TCP and by UDP. What does not get through is no failure of it. */
const PROGRAM = `const { connect, createServer } = require('node:net')
const { createSocket } = require('node:dgram')
const { tcp, udp, asks, stays } = JSON.parse(process.argv[1])
const said = () => console.log('${LISTENING}')
for (const port of tcp)
  createServer((socket) => socket.on('error', () => {}).end()).listen(port, '0.0.0.0', said)
for (const port of udp) {
  const socket = createSocket('udp4')
  socket.on('message', (_, { port: to, address }) => socket.send('here', to, address, () => {}))
  socket.bind(port, said)
}
const datagrams = createSocket('udp4')
setInterval(() => {
  const socket = connect(asks)
  socket.on('error', () => {}).on('connect', () => socket.destroy())
  setTimeout(() => socket.destroy(), 1000)
  datagrams.send('there', asks.port, asks.host, () => {})
}, 500)
setTimeout(() => process.exit(), 1_800_000)
if (!stays) process.stdin.resume().on('end', () => process.exit(0))`

/** What the hosts carry besides the platform; ended and taken away again. */
export interface OtherDoors {
  end(): Promise<void>
}

/** Starts on each host a program and a container with a published port; `made` has to be ended, also when one did not come up. */
export async function openOtherDoors(
  place: HostsPlace,
  ports: OtherPorts,
  asked: AskedOutside,
  made: (one: OtherDoors) => void,
): Promise<void> {
  for (const host of place.hosts) {
    made(await startProgram(place, host, ports, { host: asked.host, port: asked.program }))
    made(await startContainer(place, host, ports.published, { host: asked.host, port: asked.container }))
  }
}

type Asks = { readonly host: string; readonly port: number }

async function startProgram(place: HostsPlace, { name }: LabHost, ports: OtherPorts, asks: Asks) {
  const leaving = new AbortController()
  const wanted = { tcp: [ports.ssh, ports.program], udp: [ports.program], asks, stays: false }
  let missing = wanted.tcp.length + wanted.udp.length
  let listens = () => {}
  const ready = new Promise<void>((resolve) => {
    listens = resolve
  })
  const onLine = (line: string) => {
    if (line === LISTENING) missing -= 1
    if (missing === 0) listens()
  }
  const argv = [process.execPath, '-e', PROGRAM, JSON.stringify(wanted)]
  const going = place.keep(name, argv, leaving.signal, onLine)
  await Promise.race([
    ready,
    going.then(({ stderr }) => {
      throw new Error(`no program listens on ${name}: ${stderr.trim().split('\n').at(-1)}`)
    }),
  ])
  return {
    end: async () => {
      leaving.abort()
      await going.catch(() => undefined)
    },
  }
}

/** As whoever owns the machine does it: the engine makes its own rules for the port. The image is one that is there anyway. */
async function startContainer(place: HostsPlace, { name }: LabHost, port: number, asks: Asks) {
  const { containers } = await place.engine(name)
  const agent = `${place.installation.name}-agent`
  const image = (await containers.list({})).find((one) => one.name === agent)?.imageId ?? agent
  const container = `drill-published-${port}`
  const program = JSON.stringify({ tcp: [INSIDE], udp: [], asks, stays: true })
  const how = ['--detach', '--name', container, '--publish', `${port}:${INSIDE}`]
  const done = await place.run(name, ['docker', 'run', ...how, image, 'node', '-e', PROGRAM, program])
  if (done.exitCode !== 0)
    throw new Error(`no container on ${name}: ${done.stderr.trim().split('\n').at(-1)}`)
  return { end: () => containers.remove(container) }
}

/** Ends all of it, whatever becomes of each. */
export const closeOtherDoors = (doors: readonly OtherDoors[]): Promise<void> =>
  endAll(doors.map(({ end }) => end))
