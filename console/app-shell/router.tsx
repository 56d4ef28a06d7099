import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { DrillRunId } from '#contract/ids.ts'
import { AppLayout } from '../app/app-layout.tsx'
import { AppsPage } from '../apps/apps-page.tsx'
import { parseAppsSearch } from '../apps/apps-search.ts'
import { parseAuditSearch } from '../audit/audit-search.ts'
import { parseIncidentsSearch } from '../network/incident-search.ts'
import { SetupPage } from '../session/setup-page.tsx'
import { SignInPage } from '../session/sign-in-page.tsx'
import { SignedIn } from '../session/signed-in.tsx'
import { BrokenPage, UnknownPage } from './unknown-page.tsx'

const rootRoute = createRootRoute({ notFoundComponent: UnknownPage, errorComponent: BrokenPage })

/** Every page below needs somebody who is signed in. */
const signedInRoute = createRoute({ getParentRoute: () => rootRoute, id: 'signed-in', component: SignedIn })

const appsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  validateSearch: parseAppsSearch,
  component: AppsPage,
})

/** One app; its pages are tabs. */
const appRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/apps/$app',
  component: AppLayout,
})

const overviewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../app/overview/overview-page.tsx'), 'OverviewPage'),
})

const releasesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/releases',
  component: lazyRouteComponent(() => import('../app/releases/releases-page.tsx'), 'ReleasesPage'),
})

const logsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/logs',
  component: lazyRouteComponent(() => import('../app/logs/logs-page.tsx'), 'LogsPage'),
})

const configRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/config',
  component: lazyRouteComponent(() => import('../app/config/config-page.tsx'), 'ConfigPage'),
})

const databaseRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/database',
  component: lazyRouteComponent(() => import('../app/database/database-page.tsx'), 'DatabasePage'),
})

const appNetworkRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/network',
  component: lazyRouteComponent(() => import('../app/network/app-network-page.tsx'), 'AppNetworkPage'),
})

const operationRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/operations/$operation',
  component: lazyRouteComponent(() => import('../app/operations/operation-page.tsx'), 'OperationPage'),
})

const appPages = [
  overviewRoute,
  releasesRoute,
  logsRoute,
  configRoute,
  databaseRoute,
  appNetworkRoute,
  operationRoute,
] as const

const accountRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('../session/account/account-page.tsx'), 'AccountPage'),
})

const platformRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform',
  component: lazyRouteComponent(() => import('../platform/platform-page.tsx'), 'PlatformPage'),
})

const hostsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/hosts',
  component: lazyRouteComponent(() => import('../hosts/hosts-page.tsx'), 'HostsPage'),
})

const drillsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/drills',
  component: lazyRouteComponent(() => import('../drills/drills-page.tsx'), 'DrillsPage'),
})

const drillRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/drills/$drill',
  validateSearch: (search): { run?: DrillRunId } => {
    const run = DrillRunId.safeParse(search.run)
    return run.success ? { run: run.data } : {}
  },
  component: lazyRouteComponent(() => import('../drills/drill-page.tsx'), 'DrillPage'),
})

const networkRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network',
  component: lazyRouteComponent(() => import('../network/map-page.tsx'), 'MapPage'),
})

const networkRulesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network/rules',
  component: lazyRouteComponent(() => import('../network/rules-page.tsx'), 'RulesPage'),
})

const networkTrafficRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network/traffic',
  component: lazyRouteComponent(() => import('../network/traffic-page.tsx'), 'TrafficPage'),
})

const networkIncidentsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network/incidents',
  validateSearch: parseIncidentsSearch,
  component: lazyRouteComponent(() => import('../network/incidents-page.tsx'), 'IncidentsPage'),
})

const networkIncidentRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network/incidents/$incident',
  component: lazyRouteComponent(() => import('../network/incident-page.tsx'), 'IncidentPage'),
})

const networkBlocksRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network/blocks',
  component: lazyRouteComponent(() => import('../network/blocks-page.tsx'), 'BlocksPage'),
})

const networkUpstreamRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/network/upstream',
  component: lazyRouteComponent(() => import('../network/upstream-page.tsx'), 'UpstreamPage'),
})

const auditRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform/audit',
  validateSearch: parseAuditSearch,
  component: lazyRouteComponent(() => import('../audit/audit-page.tsx'), 'AuditPage'),
})

const setupRoute = createRoute({ getParentRoute: () => rootRoute, path: '/setup', component: SetupPage })

/** Only an address of the console: a link must not lead people who just signed in to somewhere else. */
const parseNext = (next: unknown) => (typeof next === 'string' && /^\/(?![/\\])/.test(next) ? { next } : {})

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search): { next?: string } => parseNext(search.next),
  component: SignInPage,
})

const routeTree = rootRoute.addChildren([
  setupRoute,
  signInRoute,
  signedInRoute.addChildren([
    appsRoute,
    appRoute.addChildren(appPages),
    platformRoute,
    hostsRoute,
    drillsRoute,
    drillRoute,
    networkRoute,
    networkRulesRoute,
    networkTrafficRoute,
    networkIncidentsRoute,
    networkIncidentRoute,
    networkBlocksRoute,
    networkUpstreamRoute,
    auditRoute,
    accountRoute,
  ]),
])

/** Every address of the console. A page that isn't the first one is loaded when it is asked for. */
export const makeRouter = () => createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })
