import { z } from 'zod'
import { MESH_PORT, PEER_PORT } from '#contract/fleet.ts'
import { AGENT_PORT } from '#contract/host-identity.ts'
import { addressesOf, INSTANCE_PORT, type Installation } from '#contract/installation.ts'
import { CREDENTIALS } from '#platform/network/layout.ts'
import { NothingProven } from '../not-measured.ts'
import type { OtherNetwork } from './other-network.ts'

/** Somewhere a program could try to connect to. */
export interface Door {
  readonly what: string
  readonly host: string
  readonly port: number
}

/** How a try can end: somebody answers, somebody says no, or there is silence. */
export const Ends = z.enum(['open', 'refused', 'silent'])

export interface Tried extends Door {
  readonly end: z.infer<typeof Ends>
}

const TRY_MS = 2000
/** Run in the instance's network: a line of JSON for each door. */
const PROGRAM = `const { connect } = require('node:net')
const attempt = (door) => new Promise((resolve) => {
  const socket = connect({ host: door.host, port: door.port })
  const end = (how) => { console.log(JSON.stringify({ ...door, end: how })); socket.destroy(); resolve() }
  const timer = setTimeout(() => setImmediate(() => end('silent')), ${TRY_MS})
  socket.on('connect', () => { clearTimeout(timer); end('open') })
  socket.on('error', ({ code }) => { clearTimeout(timer); end(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : 'silent') })
})
Promise.all(JSON.parse(process.argv[1]).map(attempt)).then(() => process.exit(0))`

/** Tries doors from inside a network, all at once. */
export async function tryDoors(from: OtherNetwork, doors: readonly Door[]): Promise<Tried[]> {
  const { exitCode, stdout, stderr } = await from.run([
    process.execPath,
    '-e',
    PROGRAM,
    JSON.stringify(doors),
  ])
  if (exitCode !== 0) throw new NothingProven(`the doors were not tried: ${stderr.trim().split('\n').at(-1)}`)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Tried)
}

/** What an app needs: these have to be open, or a wall that nobody passes would look just as good. */
export function doorsOpen(installation: Pick<Installation, 'name' | 'subnet' | 'ports'>): Door[] {
  const at = addressesOf(installation)
  return [
    { what: 'the way to its database', host: at.pgproxy.apps, port: at.postgresPort },
    { what: 'the edge', host: at.edge.apps, port: installation.ports.https },
  ]
}

/** What no app has any business with. Fewer than those for which an instance is taken for a scanner. */
export function doorsShut(
  installation: Pick<Installation, 'name' | 'subnet'>,
  neighbours: readonly string[],
): Door[] {
  const at = addressesOf(installation)
  const door = (what: string, host: string, port: number): Door => ({ what, host, port })
  return [
    door('the control plane', at.control.data, at.controlPort),
    door("the control plane on the edge's network", at.control.edge, at.controlPort),
    door('the store', at.etcd[0], at.etcdPorts.client),
    door("the store's own port", at.etcd[0], at.etcdPorts.peer),
    ...at.postgres.flatMap((host, index) => [
      door(`member ${index + 1} of the pair`, host, at.postgresPort),
      door(`the keeper of member ${index + 1}`, host, at.patroniPort),
    ]),
    door("the proxy on the platform's network", at.pgproxy.data, at.postgresPort),
    ...neighbours.map((host) => door("a neighbour's instance", host, INSTANCE_PORT)),
    door('ssh of the host', at.edge.apps, 22),
    door('the agent', at.edge.apps, AGENT_PORT),
    door('the door between hosts', at.edge.apps, MESH_PORT),
    door('the way between edges', at.edge.apps, PEER_PORT),
    ...CREDENTIALS.map((host) => door(`a cloud's credentials at ${host}`, host, 80)),
  ]
}
