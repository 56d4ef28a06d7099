import type { BuildRecipe } from '#contract/agent.ts'
import type { AppName, HostName } from '#contract/ids.ts'
import type { Operation } from '#contract/operations.ts'
import { listHosts } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { getApp, listAllApps } from './app-store.ts'
import { keeperOf } from './hosts-with-code.ts'
import { planRotation, planStack } from './plan.ts'
import { findRelease, listReleases, listServing } from './release-store.ts'
import { mustStart, startOperation } from './start-operation.ts'

/** An app by name, as far as other capabilities need it. */
export async function findApp(deps: ServerDeps, name: string) {
  const { id, name: appName, release } = await read(() => getApp(deps.db, name))
  return { id, name: appName, release }
}

/** The names of all apps. */
export async function listAppNames(deps: ServerDeps): Promise<AppName[]> {
  return (await read(() => listAllApps(deps.db))).map(({ name }) => name).sort()
}

/** The releases of an app that ended well or badly since a time, oldest first. */
export async function listFinishedReleases(deps: ServerDeps, appId: string, since: Date) {
  const rows = await read(() => listReleases(deps.db, appId))
  return rows
    .filter((row) => row.created_at >= since && !['building', 'starting'].includes(row.state))
    .map(({ created_at, version, reason, state }) => ({
      at: created_at.toISOString(),
      version,
      reason,
      ok: state !== 'failed',
    }))
    .reverse()
}

/** Starts the operation that brings new database credentials to an app. */
export async function startRotation(
  deps: ServerDeps,
  name: string,
  createdBy: string,
  requestKey?: string,
): Promise<Operation> {
  const { id } = await findApp(deps, name)
  return await mustStart(deps, { appId: id, appName: name, createdBy, requestKey, plan: planRotation })
}

/** The release that serves of every app that has one, and what it stands on. */
export async function listServingReleases(deps: ServerDeps): Promise<ServingRelease[]> {
  return await read(async () => {
    const hosts = await listHosts(deps.db, deps.now())
    const rows = await listServing(deps.db)
    return await Promise.all(
      rows.map(async (row) => ({
        appId: row.id,
        app: row.name,
        release: row.version,
        recipe: row.recipe,
        stack: row.slug_file === null ? null : row.stack,
        builtOn: await keeperOf(deps, hosts, row),
      })),
    )
  })
}

export interface ServingRelease {
  readonly appId: string
  readonly app: AppName
  readonly release: number
  readonly recipe: BuildRecipe
  /** Image id of the platform's stack; null: the app's image brings its own. */
  readonly stack: string | null
  /** The host that has what it was made of. */
  readonly builtOn: HostName
}

/** Starts the operation that moves an app onto the newest stack; null where by now its release stands there. */
export async function startStack(
  deps: ServerDeps,
  request: {
    readonly appId: string
    readonly appName: string
    readonly createdBy: string
    readonly requestKey: string
    readonly isBehind: (release: Pick<ServingRelease, 'recipe' | 'stack' | 'builtOn'>) => boolean
  },
): Promise<Operation | null> {
  return await startOperation(deps, {
    ...request,
    plan: async (snapshot, tx, row) => {
      const release = row.release === null ? undefined : await findRelease(tx, row.id, row.release)
      if (release === undefined || release.slug_file === null) return null
      const hosts = await listHosts(tx, deps.now())
      const host = await keeperOf({ ...deps, db: tx }, hosts, release)
      return request.isBehind({ ...release, builtOn: host }) ? planStack(snapshot) : null
    },
  })
}

/** The host names of every app that is online. */
export async function listHostNames({ db, config }: ServerDeps): Promise<string[]> {
  const apps = await read(() => listAllApps(db))
  return apps
    .filter(({ release }) => release !== null)
    .map(({ name }) => `${name}.${config.installation.domain}`)
}
