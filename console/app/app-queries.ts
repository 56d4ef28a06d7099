import { appRoutes } from '#contract/apps.ts'
import { dataRoutes } from '#contract/data.ts'
import type { AppName } from '#contract/ids.ts'
import type { LiveTopic } from '#contract/live.ts'
import { type MetricsRange, metricsRoutes } from '#contract/metrics.ts'
import { routeQuery } from '../api/route-query.ts'

/** The app in the address: the server says when there is none. */
const topicOf = (app: string): LiveTopic => ({ kind: 'app', app: app as AppName })

/** One app. */
export const appQuery = (app: string) => routeQuery(topicOf(app), appRoutes.get, { params: { app } })

/** The instances of an app. */
export const instancesQuery = (app: string) =>
  routeQuery(topicOf(app), appRoutes.instances, { params: { app } })

/** The releases of an app, newest first. */
export const releasesQuery = (app: string) =>
  routeQuery(topicOf(app), appRoutes.releases, { params: { app } })

/** What was done with an app, newest first. */
export const operationsQuery = (app: string) =>
  routeQuery(topicOf(app), appRoutes.operations, { params: { app } })

/** Names of an app's configuration values. */
export const configNamesQuery = (app: string) =>
  routeQuery(topicOf(app), appRoutes.configNames, { params: { app } })

/** An app's database. */
export const databaseQuery = (app: string) => routeQuery(topicOf(app), dataRoutes.info, { params: { app } })

/** Figures of an app over a range of time. */
export const metricsQuery = (app: string, range: MetricsRange) =>
  routeQuery({ kind: 'metrics' }, metricsRoutes.app, { params: { app }, query: { range } })
