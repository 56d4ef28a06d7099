import { PEER_PORT } from '#contract/fleet.ts'
import { edgeFiles } from './layout.ts'
import { backendsOf, type EdgeBackend, type EdgePeer, PEER_BACKEND, peerServer, peerWords } from './peers.ts'
import { backendOf, CONTROL_BACKEND, type EdgeInput, type EdgeServer, serverWords } from './render.ts'
import { SERVING_WEIGHT } from './weights.ts'

/** A server as the running HAProxy sees it. */
export interface RunningServer {
  readonly backend: string
  readonly name: string
  readonly address: string
  readonly port: number
  readonly weight: number
  /** Taken out by an administrator's command; a server added at run time starts so. */
  readonly maintenance: boolean
  readonly checked: boolean
  readonly health: 'unknown' | 'up' | 'down'
  /** Requests under way. */
  readonly openRequests: number
}

/** What the running HAProxy is made of. */
export interface RunningEdge {
  /** Identifies all that only a reload can change. */
  readonly mark: string
  readonly servers: readonly RunningServer[]
}

export type EdgePlan =
  | { readonly kind: 'reload'; readonly reason: string }
  | ({
      readonly kind: 'commands'
      /** Surplus servers whose requests end: nothing leads to them from here on. */
      readonly removals: readonly string[]
      /** Surplus servers that nothing leads to any more: each is deleted when it has rested. */
      readonly resting: readonly string[]
    } & Changes)

interface Changes {
  readonly commands: readonly string[]
  /** Servers that get no requests before their first passed check. */
  readonly waiting: readonly string[]
  /** Servers that go on although they should not, because nobody else can serve yet. */
  readonly holding: readonly string[]
}

/**
 * How the running edge gets to what is wanted: by the runtime API when only servers, weights or addresses differ,
 * by a reload otherwise. No plan changes the order of what is under way: a server first loses its weight, then rests in
 * maintenance, and is deleted when nothing more refers to it.
 */
export function planEdge(input: EdgeInput, mark: string, running: RunningEdge): EdgePlan {
  if (running.mark !== mark) {
    return { kind: 'reload', reason: 'host names, certificates or settings differ' }
  }
  const have = new Map(running.servers.map((server) => [keyOf(server.backend, server.name), server]))
  const backends = input.apps.flatMap((app) => backendsOf(app, backendOf(app), input.self !== undefined))
  const names = new Set(
    backends.flatMap(({ name, servers, peers }) => [
      ...servers.map((server) => keyOf(name, server.name)),
      ...peers.map((peer) => keyOf(name, peerServer(peer))),
    ]),
  )
  const surplus = running.servers.filter(
    ({ backend, name }) => !FIXED_BACKENDS.includes(backend) && !names.has(keyOf(backend, name)),
  )
  const changes = backends.map((backend) => changesOf(input, backend, have))
  return {
    kind: 'commands',
    commands: changes.flatMap(({ commands }) => commands),
    removals: surplus.filter(({ maintenance }) => !maintenance).map(removal),
    resting: surplus
      .filter(({ maintenance }) => maintenance)
      .map(({ backend, name }) => keyOf(backend, name)),
    waiting: changes.flatMap(({ waiting }) => waiting),
    holding: changes.flatMap(({ holding }) => holding),
  }
}

const FIXED_BACKENDS = [CONTROL_BACKEND, PEER_BACKEND]

type Have = ReadonlyMap<string, RunningServer>

/**
 * One backend's changes: first what is added and mended, then who begins to serve, last who stops. Nobody stops while
 * no other serves, so that there is no moment without a server.
 */
function changesOf(input: EdgeInput, backend: EdgeBackend, have: Have): Changes {
  const servers = backend.servers.map((server) => {
    const key = keyOf(backend.name, server.name)
    return { server, key, now: have.get(key) }
  })
  const mending = [
    ...servers.flatMap(({ server, key, now }) =>
      now === undefined
        ? addition(key, serverWords({ ...server, serves: false }, `${backend.name}/`))
        : mend(server, key, now),
    ),
    ...backend.peers.flatMap((peer) => peerChanges(input, backend, peer, have)),
  ]
  const wanted = servers.filter(({ server }) => server.serves)
  const waiting = wanted.filter(({ now }) => isWaiting(now))
  const lower = servers.filter(({ server, now }) => !server.serves && now !== undefined && now.weight > 0)
  const covered = isCovered(backend, have, wanted.length, waiting.length)
  const waitingPeers = backend.peers
    .map((peer) => keyOf(backend.name, peerServer(peer)))
    .filter((key) => isWaiting(have.get(key)))
  return {
    commands: [
      ...mending,
      ...wanted.flatMap(({ key, now }) => raise(key, now)),
      ...(covered ? lower.map(({ key }) => `set weight ${key} 0`) : []),
    ],
    waiting: [...waiting.map(({ key }) => key), ...waitingPeers],
    // Other edges stop asking by themselves: there is nothing to wait for.
    holding: covered || backend.forPeers ? [] : lower.map(({ key }) => key),
  }
}

/** Whether somebody answers without those that are to stop. Where nobody is wanted here, that is another host. */
function isCovered(
  { name, peers, forPeers }: EdgeBackend,
  have: Have,
  wanted: number,
  waiting: number,
): boolean {
  if (wanted > 0) return waiting < wanted
  if (forPeers) return false
  return peers.length === 0 || peers.some((peer) => have.get(keyOf(name, peerServer(peer)))?.health === 'up')
}

/** Another host begins as a server of this one does: without weight, because it counts as up until its first check. */
function peerChanges(input: EdgeInput, { name }: EdgeBackend, peer: EdgePeer, have: Have): string[] {
  const key = keyOf(name, peerServer(peer))
  const now = have.get(key)
  return now === undefined
    ? addition(key, peerWords(peer, edgeFiles(input.home), `${name}/`, 0))
    : [...mend({ address: peer.address, port: PEER_PORT }, key, now), ...raise(key, now)]
}

/** Has not passed a check since it was added, or since it rested. */
const isWaiting = (now: RunningServer | undefined) =>
  now === undefined || now.maintenance || (now.weight === 0 && now.health !== 'up')

/** Leads requests to a server that has none yet and has passed a check. */
const raise = (key: string, now: RunningServer | undefined): string[] =>
  now?.weight === 0 && now.health === 'up' ? [`set weight ${key} ${SERVING_WEIGHT}`] : []

const keyOf = (backend: string, name: string) => `${backend}/${name}`

const removal = ({ backend, name }: RunningServer) => `set server ${keyOf(backend, name)} state maint`

/** What a deletion is; HAProxy refuses it while a connection still refers to the server. */
export const deletion = (key: string): string => `del server ${key}`

function mend(server: Pick<EdgeServer, 'address' | 'port'>, key: string, now: RunningServer): string[] {
  const commands: string[] = []
  // One that rested begins as a new one does.
  if (now.maintenance && now.weight > 0) commands.push(`set weight ${key} 0`)
  if (now.address !== server.address || now.port !== server.port) {
    commands.push(`set server ${key} addr ${server.address} port ${server.port}`)
  }
  if (!now.checked) commands.push(`enable health ${key}`)
  if (now.maintenance) commands.push(`set server ${key} state ready`)
  return commands
}

/** A new server counts as up until its first check, so its words give it no weight. */
const addition = (key: string, words: string): string[] => [
  `add server ${words}`,
  `enable health ${key}`,
  `set server ${key} state ready`,
]
