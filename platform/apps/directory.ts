import type { Operation } from '#contract/operations.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { getApp, listAllApps } from './app-store.ts'
import { planRotation } from './plan.ts'
import { mustStart } from './start-operation.ts'

/** An app by name, as far as other capabilities need it. */
export async function findApp(deps: ServerDeps, name: string) {
  const { id, name: appName, release } = await read(() => getApp(deps.db, name))
  return { id, name: appName, release }
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
