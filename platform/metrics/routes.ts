import type { AppMetrics, metricsRoutes } from '#contract/metrics.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { loadSteps } from './store.ts'
import { LIMITS, spanOf, viewSteps } from './view.ts'

/** What this capability needs from the apps capability: handed in where both are known. */
export interface MeasuredApps {
  findApp(deps: ServerDeps, name: string): Promise<{ readonly id: string }>
  /** The releases of an app that ended well or badly since a time, oldest first. */
  listFinishedReleases(deps: ServerDeps, appId: string, since: Date): Promise<AppMetrics['releases']>
}

/** Handlers of the metrics routes. */
export function makeMetricsHandlers(apps: MeasuredApps): Handlers<typeof metricsRoutes> {
  return {
    app: async ({ params, query }, deps) => {
      const { id } = await apps.findApp(deps, params.app)
      const { from, to, stepS } = spanOf(query.range, deps.now())
      const steps = await read(() => loadSteps(deps.db, id, stepS, from))
      const releases = await apps.listFinishedReleases(deps, id, from)
      const span = { range: query.range, stepS, from: from.toISOString(), to: to.toISOString() }
      return { ...span, ...viewSteps(steps), limits: LIMITS, releases }
    },
  }
}
