import { type Loops, serveHosts } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { type LoadWorkload, serveHost } from './host-loops.ts'
import { keepHeardOf } from './store.ts'

/** A notification can be lost with the connection that carried it. */
const LOOK_AGAIN_MS = 5_000

/** Serves every host for as long as it belongs to the installation: its whole state to it, its reports from it. */
export const startWorkload = (deps: ServerDeps, load: LoadWorkload): Loops =>
  serveHosts(deps, {
    unknown: 'workload.hosts_unknown',
    lookEveryMs: LOOK_AGAIN_MS,
    serve: (host, signal) => serveHost(deps, load, host, signal),
    look: (names) => keepHeardOf(deps.db, names),
  })
