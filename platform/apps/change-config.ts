import type { Operation } from '#contract/operations.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { getApp, updateApp } from './app-store.ts'
import { changeConfig, openConfig, sealConfig } from './config.ts'
import { planConfig } from './plan.ts'
import { startOperation } from './start-operation.ts'

/** Sealing happens outside the transaction; when someone else changed the configuration meanwhile, it starts anew. */
const TRIES = 5

/** What became of a change: whether anything is different now, and the operation that releases it. */
export interface ConfigOutcome {
  readonly changed: boolean
  readonly operation: Operation | null
}

/** Changes an app's configuration; before the first release it is only stored. */
export async function changeAppConfig(
  deps: ServerDeps,
  name: string,
  values: Readonly<Record<string, string | null>>,
  createdBy: string,
  requestKey?: string,
): Promise<ConfigOutcome> {
  for (let left = TRIES; left > 0; left -= 1) {
    const answer = await tryChange(deps, name, values, createdBy, requestKey)
    if (answer !== 'changed meanwhile') return answer
  }
  throw new Error(`the configuration of ${name} kept changing`)
}

async function tryChange(
  deps: ServerDeps,
  name: string,
  values: Readonly<Record<string, string | null>>,
  createdBy: string,
  requestKey?: string,
): Promise<ConfigOutcome | 'changed meanwhile'> {
  const app = await getApp(deps.db, name)
  const change = changeConfig(await openConfig(deps, app.id, app.config_sealed), values)
  if (change.set.length + change.removed.length === 0) return { changed: false, operation: null }
  const config = await sealConfig(deps, app.id, change.config)
  let changedMeanwhile = false
  const operation = await startOperation(deps, {
    appId: app.id,
    appName: name,
    createdBy,
    requestKey,
    config,
    plan: async (snapshot, tx, row) => {
      changedMeanwhile = row.config_sealed !== app.config_sealed
      if (changedMeanwhile) return null
      const plan = planConfig(snapshot, change)
      if (plan === null) await updateApp(tx, app.id, { config_sealed: config })
      return plan
    },
  })
  return changedMeanwhile ? 'changed meanwhile' : { changed: true, operation }
}
