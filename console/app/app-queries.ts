import { appRoutes } from '#contract/apps.ts'
import type { AppName } from '#contract/ids.ts'
import { routeQuery } from '../api/route-query.ts'

/** One app, by the name in the address; the server says when there is none. */
export const appQuery = (app: string) =>
  routeQuery({ kind: 'app', app: app as AppName }, appRoutes.get, { params: { app } })

/** The instances of an app. */
export const instancesQuery = (app: string) =>
  routeQuery({ kind: 'app', app: app as AppName }, appRoutes.instances, { params: { app } })
