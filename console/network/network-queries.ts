import { detectionRoutes, type Incident } from '#contract/detection.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import type { MetricsRange } from '#contract/metrics.ts'
import { networkRoutes } from '#contract/network-api.ts'
import { networkNoticeRoutes } from '#contract/network-notices.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { routeQuery } from '../api/route-query.ts'

/** Every rule, for operators. */
export const rulesQuery = routeQuery({ kind: 'network' }, networkRoutes.rules, {})

/** What people should know of their rules. */
export const noticesQuery = routeQuery({ kind: 'network' }, networkNoticeRoutes.list, {})

/** The same of an app's own. */
export const appNoticesQuery = (app: string) =>
  routeQuery({ kind: 'network' }, networkNoticeRoutes.ofApp, { params: { app } })

/** The groups with what is in them; an app that comes or goes is in one. */
export const groupsQuery = routeQuery({ kind: 'apps' }, networkRoutes.groups, {})

/** What an app may reach, and who may reach it. */
export const appRulesQuery = (app: string) =>
  routeQuery({ kind: 'network' }, networkRoutes.appRules, { params: { app } })

/** Who is kept out. */
export const blocksQuery = routeQuery({ kind: 'guard' }, guardRoutes.blocks, {})

/** What was noticed, the newest first. */
export const eventsQuery = routeQuery({ kind: 'guard' }, guardRoutes.events, { query: { limit: 200 } })

/** What attackers did, the newest first. */
export const incidentsQuery = (state?: Incident['state']) =>
  routeQuery({ kind: 'incidents' }, detectionRoutes.incidents, {
    query: { limit: 100, ...(state === undefined ? {} : { state }) },
  })

/** One of them, as it is told. */
export const incidentQuery = (incident: string) =>
  routeQuery({ kind: 'incidents' }, detectionRoutes.incident, { params: { incident } })

/** Who is never judged. */
export const partnersQuery = routeQuery({ kind: 'guard' }, guardRoutes.partners, {})

/** Penetration tests that were agreed on. */
export const engagementsQuery = routeQuery({ kind: 'guard' }, guardRoutes.engagements, {})

/** Providers, what they drop, and what comes. */
export const upstreamQuery = routeQuery({ kind: 'upstream' }, upstreamRoutes.list, {})

/** Packets and events over time. */
export const trafficQuery = (range: MetricsRange) =>
  routeQuery({ kind: 'guard' }, guardRoutes.traffic, { query: { range } })
