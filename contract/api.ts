import { accountRoutes } from './accounts.ts'
import { appRoutes } from './apps.ts'
import { auditRoutes } from './audit.ts'
import { dataRoutes } from './data.ts'
import { dataCentreRoutes } from './data-centres.ts'
import { detectionRoutes } from './detection.ts'
import { drillRoutes } from './drills.ts'
import { guardRoutes } from './guard-api.ts'
import { hostRoutes } from './hosts.ts'
import { liveRoutes } from './live.ts'
import { metricsRoutes } from './metrics.ts'
import { networkRoutes } from './network-api.ts'
import { networkNoticeRoutes } from './network-notices.ts'
import { operationRoutes } from './operations.ts'
import { platformRoutes } from './platform.ts'
import { stackRoutes } from './stacks.ts'
import { trustRoutes } from './trust.ts'
import { upstreamRoutes } from './upstream-api.ts'

/** Every route of the public API. A new capability adds its row here; everything else follows from it. */
export const API = {
  platform: platformRoutes,
  accounts: accountRoutes,
  apps: appRoutes,
  audit: auditRoutes,
  data: dataRoutes,
  guard: guardRoutes,
  detection: detectionRoutes,
  hosts: hostRoutes,
  dataCentres: dataCentreRoutes,
  metrics: metricsRoutes,
  network: networkRoutes,
  networkNotices: networkNoticeRoutes,
  upstream: upstreamRoutes,
  operations: operationRoutes,
  stacks: stackRoutes,
  live: liveRoutes,
  trust: trustRoutes,
  drills: drillRoutes,
} as const
