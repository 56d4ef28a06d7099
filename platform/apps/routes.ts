import { APP_LIMITS, type appRoutes, type RunRequest } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { AppId } from '#contract/ids.ts'
import type { Route } from '#contract/route.ts'
import { listHosts, listVisitorAddresses } from '#platform/fleet/index.ts'
import { findRepeated, listOperations } from '#platform/operations/index.ts'
import { loadReports } from '#platform/workload/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Call, Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { keyHash } from '#runtime/server/idempotency.ts'
import { openRunStream } from '#runtime/server/run-stream.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { getApp, insertApp, listApps } from './app-store.ts'
import { changeAppConfig } from './change-config.ts'
import { openConfig } from './config.ts'
import { listInstances } from './instance-store.ts'
import { openLogs } from './logs.ts'
import { planDeploy, planDestroy, planRestart, planRollback, planScale } from './plan.ts'
import { listReleases } from './release-store.ts'
import { startRun } from './run.ts'
import { getSource } from './source-store.ts'
import { mustStart } from './start-operation.ts'
import type { AppRow } from './tables.ts'
import { checkDisk, uploadSource } from './upload.ts'
import { loadViews, viewInstances, viewRelease } from './view.ts'

const appOf = (deps: ServerDeps, name: string): Promise<AppRow> => read(() => getApp(deps.db, name))

const viewOne = async (deps: ServerDeps, row: AppRow) => {
  const [view] = await read(() => loadViews(deps, [row]))
  if (view === undefined) throw new MaruError('apps.not_found', { app: row.name })
  return view
}

/** The team that a new app belongs to: the first in which the caller may make one. */
function teamForNew(teams: ReadonlyArray<{ teamId: string; role: string }>): string {
  const team = teams.find(({ role }) => role !== 'viewer')
  if (team === undefined) throw new MaruError('forbidden', { action: 'create', resource: 'app' })
  return team.teamId
}

/** Handlers of the apps routes. */
export const appHandlers: Handlers<typeof appRoutes> = {
  list: async ({ principal }, deps) => {
    const teamIds = principal.teams.map(({ teamId }) => teamId)
    return { apps: await read(async () => loadViews(deps, await listApps(deps.db, teamIds))) }
  },
  create: async ({ body, principal }, deps) => {
    const teamId = teamForNew(principal.teams)
    const row = await transact(deps.db, async (tx) => {
      if ((await listApps(tx, [teamId])).length >= APP_LIMITS.appsPerTeam)
        throw new MaruError('apps.limit', {
          what: 'The number of apps of a team',
          limit: APP_LIMITS.appsPerTeam,
          next: 'Destroy apps that are no longer needed.',
        })
      return await insertApp(tx, { id: randomId<AppId>('app'), name: body.name, teamId })
    })
    return await viewOne(deps, row)
  },
  get: async ({ params }, deps) => await viewOne(deps, await appOf(deps, params.app)),
  destroy: async (call, deps) => {
    const app = await appOf(deps, call.params.app)
    return await mustStart(deps, { ...by(app, call), plan: (snapshot) => planDestroy(snapshot) })
  },
  upload: async ({ params, upload }, deps) => await uploadSource(deps, await appOf(deps, params.app), upload),
  deploy: async (call, deps) => {
    await checkDisk(deps)
    const app = await appOf(deps, call.params.app)
    // Sent again after an answer that was lost: by now its source may be built and gone.
    const before = await read(() => findRepeated(deps.db, app.id, keyHash(call.keyed)))
    if (before !== undefined) return before
    const source = await read(() => getSource(deps.db, app.id, call.body.source))
    const plan = async (...[snapshot, tx]: Parameters<Planner>) =>
      planDeploy(snapshot, await getSource(tx, app.id, call.body.source))
    return await mustStart(deps, { ...by(app, call), recipe: source.recipe, plan })
  },
  releases: async ({ params }, deps) => {
    const app = await appOf(deps, params.app)
    return { releases: (await read(() => listReleases(deps.db, app.id))).map(viewRelease) }
  },
  rollback: async (call, deps) => {
    const app = await appOf(deps, call.params.app)
    const plan: Planner = (snapshot) => planRollback(snapshot, call.body.release)
    return await mustStart(deps, { ...by(app, call), plan })
  },
  configNames: async ({ params }, deps) => {
    const app = await appOf(deps, params.app)
    return { names: Object.keys(await openConfig(deps, app.id, app.config_sealed)).sort() }
  },
  configValues: async ({ params }, deps) => {
    const app = await appOf(deps, params.app)
    return { values: await openConfig(deps, app.id, app.config_sealed) }
  },
  configChange: async ({ params, body, principal, keyed }, deps) =>
    await changeAppConfig(deps, params.app, body.values, principal.name, keyHash(keyed)),
  scale: async (call, deps) => {
    const app = await appOf(deps, call.params.app)
    const plan: Planner = (snapshot) => planScale(snapshot, call.body.processes)
    return await mustStart(deps, { ...by(app, call), plan })
  },
  restart: async (call, deps) => {
    const app = await appOf(deps, call.params.app)
    return await mustStart(deps, { ...by(app, call), plan: planRestart })
  },
  instances: async ({ params }, deps) => {
    const app = await appOf(deps, params.app)
    return await read(async () => {
      const own = await listInstances(deps.db, [app.id])
      const [hosts, reports] = [await listHosts(deps.db), await loadReports(deps.db)]
      return {
        instances: viewInstances(app, own, { reports, hosts }, deps.now()),
        hosts: hosts.length,
        addresses: await listVisitorAddresses(deps.db),
      }
    })
  },
  logs: async ({ params, query, signal }, deps) => {
    return await openLogs(deps, await appOf(deps, params.app), query, signal)
  },
  run: async ({ params }, deps) => {
    const app = await appOf(deps, params.app)
    return openRunStream((request: RunRequest) => startRun(deps, app, request))
  },
  operations: async ({ params }, deps) => {
    const app = await appOf(deps, params.app)
    return { operations: await read(() => listOperations(deps.db, app.id)) }
  },
}

type Planner = Parameters<typeof mustStart>[1]['plan']

const by = (app: AppRow, call: Pick<Call<Route>, 'principal' | 'keyed'>) => ({
  appId: app.id,
  appName: app.name,
  createdBy: call.principal.name,
  requestKey: keyHash(call.keyed),
})
