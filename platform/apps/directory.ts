import type { Operation } from '#contract/operations.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { getApp, listAllApps } from './app-store.ts'
import { planRotation } from './plan.ts'
import { listReleases } from './release-store.ts'
import { mustStart } from './start-operation.ts'

/** An app by name, as far as other capabilities need it. */
export async function findApp(deps: ServerDeps, name: string) {
  const { id, name: appName, release } = await read(() => getApp(deps.db, name))
  return { id, name: appName, release }
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

/** The host names of every app that is online. */
export async function listHostNames({ db, config }: ServerDeps): Promise<string[]> {
  const apps = await read(() => listAllApps(db))
  return apps
    .filter(({ release }) => release !== null)
    .map(({ name }) => `${name}.${config.installation.domain}`)
}
