import type { dataRoutes } from '#contract/data.ts'
import { MaruError } from '#contract/errors.ts'
import type { Operation } from '#contract/operations.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { keyHash } from '#runtime/server/idempotency.ts'
import { openRunStream } from '#runtime/server/run-stream.ts'
import { read } from '#runtime/server/transact.ts'
import { findRotation, findUrl } from './credentials.ts'
import { loadInfo } from './info.ts'
import { startPsql } from './psql.ts'

/** What this capability needs from the apps capability, which itself needs this one: handed in where both are known. */
export interface AppDirectory {
  findApp(
    deps: ServerDeps,
    name: string,
  ): Promise<{ readonly id: string; readonly name: string; readonly release: number | null }>
  startRotation(deps: ServerDeps, name: string, createdBy: string, requestKey?: string): Promise<Operation>
}

/** Handlers of the data routes. */
export function makeDataHandlers(apps: AppDirectory): Handlers<typeof dataRoutes> {
  return {
    info: async ({ params }, deps) => await loadInfo(deps, await apps.findApp(deps, params.app)),
    url: async ({ params }, deps) => {
      const app = await apps.findApp(deps, params.app)
      const rotation = await read(() => findRotation(deps.db, app.id))
      if (rotation === null) throw new MaruError('data.no_database', { app: app.name })
      return { url: await findUrl(deps, deps.db, app.id, rotation) }
    },
    rotate: async ({ params, principal, keyed }, deps) =>
      await apps.startRotation(deps, params.app, principal.name, keyHash(keyed)),
    psql: async ({ params }, deps) => {
      const app = await apps.findApp(deps, params.app)
      return openRunStream((request) => startPsql(deps, app, request))
    },
  }
}
