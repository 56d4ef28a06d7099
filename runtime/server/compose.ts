import { readFileSync } from 'node:fs'
import { API } from '#contract/api.ts'
import type { ControlConfig } from '#contract/installation.ts'
import {
  ACCOUNT_CHECKS,
  accountHandlers,
  accountJobs,
  principalOf,
  principalOfSession,
  ROOT,
  scheduleAccountSweep,
} from '#platform/accounts/index.ts'
import {
  appHandlers,
  appJobs,
  appLoops,
  countApps,
  findApp,
  findAppById,
  followOneOff,
  listAppNames,
  listFinishedReleases,
  listHostNames,
  places,
  startRotation,
  strayFilesLoop,
  teamOfApp,
} from '#platform/apps/index.ts'
import {
  AUDIT_CHANGED,
  auditJobs,
  makeAuditHandlers,
  makeAuditLog,
  meaningsOf,
  scheduleAuditForgetting,
} from '#platform/audit/index.ts'
import {
  connectionProblems,
  DATA_CHECKS,
  dataJobs,
  loadPair,
  makeDataHandlers,
} from '#platform/data/index.ts'
import {
  correlate,
  detectionChecks,
  detectionHandlers,
  INCIDENTS_CHANGED,
  incidentLoop,
} from '#platform/detection/index.ts'
import { drillAt, drillHandlers, makePictures } from '#platform/drills/index.ts'
import { edgeChecks } from '#platform/edge/index.ts'
import {
  FLEET_CHECKS,
  fleetLoop,
  HOSTS_CHANGED,
  makeAgents,
  makeDataCentreHandlers,
  makeHostHandlers,
} from '#platform/fleet/index.ts'
import {
  GUARD_TOLD,
  guardHandlers,
  guardLoop,
  listGuardReports,
  ORDERS_CHANGED,
} from '#platform/guard/index.ts'
import { makeLive } from '#platform/live/index.ts'
import { METRICS_STORED, makeMetricsHandlers, metricsJobs, scheduleRollUp } from '#platform/metrics/index.ts'
import {
  makeNetworkHandlers,
  makeNoticeHandlers,
  NETWORK_ACTS,
  networkChecks,
  RULES_CHANGED,
  ruleLoop,
} from '#platform/network/index.ts'
import {
  operationHandlers,
  operationJobs,
  scheduleForgetting,
  teamOfOperation,
} from '#platform/operations/index.ts'
import { STACK_CHECKS, stackHandlers, stackJobs, stackLoop } from '#platform/stacks/index.ts'
import { problemsOf, statusHandlers } from '#platform/status/index.ts'
import {
  type Check,
  layersCheck,
  TRUST_CHANNEL,
  trustHandlers,
  trustJobs,
  trustLoop,
} from '#platform/trust/index.ts'
import {
  UPSTREAM_ACTS,
  UPSTREAM_CHANGED,
  upstreamHandlers,
  upstreamLoop,
  upstreamProblems,
} from '#platform/upstream/index.ts'
import { isFresh, listRefusals, loadReports, WANTED } from '#platform/workload/index.ts'
import type { ServerDeps } from './handler.ts'
import type { Composition } from './start.ts'
import { read } from './transact.ts'

/** What is tried on the running platform to find out which promises are kept; the look at all layers comes last. */
export const CHECKS: readonly Check[] = [
  ...edgeChecks(listHostNames),
  ...DATA_CHECKS,
  ...FLEET_CHECKS,
  ...ACCOUNT_CHECKS,
  ...STACK_CHECKS,
  ...networkChecks(followOneOff),
  ...detectionChecks(followOneOff),
  layersCheck,
]

const DAILY = [scheduleAccountSweep, scheduleAuditForgetting, scheduleForgetting, scheduleRollUp]

async function planDaily(deps: ServerDeps) {
  await Promise.all(DAILY.map((schedule) => read(() => schedule(deps))))
  return { stop: async () => undefined }
}

/** What open pages are told of. */
const TOLD = [
  { channel: TRUST_CHANNEL, kind: 'trust' },
  { channel: INCIDENTS_CHANGED, kind: 'incidents' },
  { channel: AUDIT_CHANGED, kind: 'audit' },
  { channel: METRICS_STORED, kind: 'metrics' },
  { channel: HOSTS_CHANGED, kind: 'platform' },
  { channel: HOSTS_CHANGED, kind: 'hosts' },
  { channel: WANTED, kind: 'hosts' },
  { channel: RULES_CHANGED, kind: 'network' },
  { channel: GUARD_TOLD, kind: 'guard' },
  { channel: ORDERS_CHANGED, kind: 'guard' },
  { channel: UPSTREAM_CHANGED, kind: 'platform' },
  { channel: UPSTREAM_CHANGED, kind: 'upstream' },
] as const

/** What runs once in the installation. */
const LEADING: Composition<typeof API>['leading'] = [
  appLoops,
  stackLoop,
  fleetLoop,
  guardLoop(correlate),
  incidentLoop,
  ruleLoop,
  upstreamLoop,
  trustLoop(CHECKS),
  planDaily,
]

async function loadProblems(deps: Pick<ServerDeps, 'db' | 'config'>) {
  const now = new Date()
  const fresh = [...(await loadReports(deps.db))].filter(([, report]) => isFresh(report, now))
  const own = problemsOf(new Map(fresh), await listGuardReports(deps.db))
  return [
    ...own,
    ...(await listRefusals(deps.db)),
    ...(await connectionProblems(deps.db, async (id) => (await findAppById(deps.db, id))?.name)),
    ...(await upstreamProblems(deps, now)),
  ]
}

/** Every capability of the control plane, put together. A new one adds its lines here. */
export function compose(config: ControlConfig): Composition<typeof API> {
  const authSecret = readFileSync(config.authSecretFile, 'utf8').trim()
  const live = makeLive(TOLD)
  return {
    routes: API,
    handlers: {
      platform: statusHandlers({
        countApps,
        loadPair: (deps) => loadPair(deps, (at) => drillAt(deps.db, at)),
        loadProblems: (deps) => read(() => loadProblems(deps)),
      }),
      accounts: accountHandlers(authSecret),
      apps: appHandlers,
      audit: makeAuditHandlers(meaningsOf(API, { ...NETWORK_ACTS, ...UPSTREAM_ACTS })),
      hosts: makeHostHandlers(places),
      dataCentres: makeDataCentreHandlers(places),
      guard: guardHandlers,
      detection: detectionHandlers,
      data: makeDataHandlers({ findApp, startRotation }),
      metrics: makeMetricsHandlers({ findApp, listFinishedReleases }),
      network: makeNetworkHandlers({ findApp, listNames: listAppNames }),
      networkNotices: makeNoticeHandlers({ findApp }),
      upstream: upstreamHandlers,
      operations: operationHandlers,
      stacks: stackHandlers,
      trust: trustHandlers(CHECKS, makePictures()),
      drills: drillHandlers,
      live: live.handlers,
    },
    jobs: [
      accountJobs,
      appJobs,
      auditJobs,
      dataJobs,
      metricsJobs,
      operationJobs,
      stackJobs,
      trustJobs(CHECKS),
    ],
    loops: [live.loop, strayFilesLoop],
    leading: LEADING,
    agents: makeAgents,
    audit: makeAuditLog,
    lookups: ({ db, now }) => ({
      principalOf: (token) => principalOf(db, token, now()),
      principalOfSession: (secret) => principalOfSession(db, secret, now()),
      teamOfApp: (app) => read(() => teamOfApp(db, app)),
      teamOfOperation: (operation) => read(() => teamOfOperation(db, operation)),
    }),
    root: ROOT,
  }
}
