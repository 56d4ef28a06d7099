import {
  backendOf,
  CONTROL_BACKEND,
  type EdgeApp,
  type EdgeInput,
  type EdgeServer,
  SERVING_WEIGHT,
  serverWords,
} from './render.ts'

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
  | ({ readonly kind: 'commands' } & Changes)

interface Changes {
  readonly commands: readonly string[]
  /** Servers that get no requests before their first passed check. */
  readonly waiting: readonly string[]
  /** Servers that go on although they should not, because nobody else can serve yet. */
  readonly holding: readonly string[]
}

/**
 * How the running edge gets to what is wanted: by the runtime API when only servers, weights or addresses differ,
 * by a reload otherwise. No plan changes the order of what is under way: a server first loses its weight, and is
 * taken away when nothing more refers to it.
 */
export function planEdge(input: EdgeInput, mark: string, running: RunningEdge): EdgePlan {
  if (running.mark !== mark) {
    return { kind: 'reload', reason: 'host names, certificates or settings differ' }
  }
  const have = new Map(running.servers.map((server) => [keyOf(server.backend, server.name), server]))
  const names = new Set(
    input.apps.flatMap((app) => app.servers.map((server) => keyOf(backendOf(app), server.name))),
  )
  const surplus = running.servers.filter(
    ({ backend, name }) => backend !== CONTROL_BACKEND && !names.has(keyOf(backend, name)),
  )
  const changes = input.apps.map((app) => changesOf(app, have))
  return {
    kind: 'commands',
    commands: [...changes.flatMap(({ commands }) => commands), ...surplus.flatMap(removal)],
    waiting: changes.flatMap(({ waiting }) => waiting),
    holding: changes.flatMap(({ holding }) => holding),
  }
}

type Have = ReadonlyMap<string, RunningServer>

/**
 * One app's changes: first what is added and mended, then who begins to serve, last who stops. Nobody stops while
 * no other serves, so that there is no moment without a server.
 */
function changesOf(app: EdgeApp, have: Have): Changes {
  const servers = app.servers.map((server) => {
    const key = keyOf(backendOf(app), server.name)
    return { server, key, now: have.get(key) }
  })
  const mending = servers.flatMap(({ server, key, now }) =>
    now === undefined ? addition(app, server, key) : mend(server, key, now),
  )
  const wanted = servers.filter(({ server }) => server.serves)
  const raise = wanted.filter(({ now }) => now !== undefined && now.weight === 0 && now.health === 'up')
  const waiting = wanted.filter(({ now }) => now === undefined || (now.weight === 0 && now.health !== 'up'))
  const lower = servers.filter(({ server, now }) => !server.serves && now !== undefined && now.weight > 0)
  const covered = wanted.length === 0 || waiting.length < wanted.length
  return {
    commands: [
      ...mending,
      ...raise.map(({ key }) => `set weight ${key} ${SERVING_WEIGHT}`),
      ...(covered ? lower.map(({ key }) => `set weight ${key} 0`) : []),
    ],
    waiting: waiting.map(({ key }) => key),
    holding: covered ? [] : lower.map(({ key }) => key),
  }
}

const keyOf = (backend: string, name: string) => `${backend}/${name}`

function removal({ backend, name }: RunningServer): string[] {
  const key = keyOf(backend, name)
  return [`set server ${key} state maint`, `del server ${key}`]
}

function mend(server: EdgeServer, key: string, now: RunningServer): string[] {
  const commands: string[] = []
  if (now.address !== server.address || now.port !== server.port) {
    commands.push(`set server ${key} addr ${server.address} port ${server.port}`)
  }
  if (!now.checked) commands.push(`enable health ${key}`)
  if (now.maintenance) commands.push(`set server ${key} state ready`)
  return commands
}

/** A new server counts as up until its first check, so it begins without weight. */
function addition(app: EdgeApp, server: EdgeServer, key: string): string[] {
  const quiet = { ...server, serves: false }
  return [
    `add server ${serverWords(quiet, `${backendOf(app)}/`)}`,
    `enable health ${key}`,
    `set server ${key} state ready`,
  ]
}
