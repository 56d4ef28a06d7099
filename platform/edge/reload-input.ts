import { peerServer } from './peers.ts'
import type { RunningEdge, RunningServer } from './plan.ts'
import { backendOf, type EdgeApp, type EdgeInput } from './render.ts'

/**
 * What a process that takes over starts with. A server that it finds in its configuration counts as up until its first check,
 * so new ones are left out where another serves (they are added at run time, and get requests after a passed check), and who
 * is to stop goes on where nobody else has passed one. The rest of the way is the plan's.
 */
export const reloadInput = (input: EdgeInput, running: RunningEdge): EdgeInput => ({
  ...input,
  apps: input.apps.map((app) => carriedOver(app, running)),
})

function carriedOver(app: EdgeApp, running: RunningEdge): EdgeApp {
  const mine = running.servers.filter(({ backend }) => backend === backendOf(app))
  const have = new Map(mine.map((server) => [server.name, server]))
  const { servers, peers = [] } = app
  // With nobody to fall back on, waiting for a check would only be longer without an answer.
  if (![...servers.map(({ name }) => name), ...peers.map(peerServer)].some((name) => answers(have.get(name))))
    return app
  const wanted = servers.filter(({ serves }) => serves)
  const after = wanted.length > 0 ? wanted.map(({ name }) => name) : peers.map(peerServer)
  const isHeld = after.length > 0 && !after.some((name) => answers(have.get(name)))
  return {
    ...app,
    servers: servers
      .filter(({ name }) => have.has(name))
      .map((server) => ({ ...server, serves: server.serves || (isHeld && answers(have.get(server.name))) })),
    peers: peers.filter((peer) => have.has(peerServer(peer))),
  }
}

/** Gets requests, and passed its last check. */
const answers = (server: RunningServer | undefined): boolean =>
  server !== undefined && server.weight > 0 && server.health === 'up'
