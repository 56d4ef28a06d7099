import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { AppLayout } from '../app/app-layout.tsx'
import { AppsPage } from '../apps/apps-page.tsx'
import { SignedIn } from '../session/signed-in.tsx'
import { BrokenPage, UnknownPage } from './unknown-page.tsx'

const rootRoute = createRootRoute({ notFoundComponent: UnknownPage, errorComponent: BrokenPage })

/** Every page below needs somebody who is signed in. */
const signedInRoute = createRoute({ getParentRoute: () => rootRoute, id: 'signed-in', component: SignedIn })

const appsRoute = createRoute({ getParentRoute: () => signedInRoute, path: '/', component: AppsPage })

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

const platformRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/platform',
  component: lazyRouteComponent(() => import('../platform/platform-page.tsx'), 'PlatformPage'),
})

const routeTree = rootRoute.addChildren([
  signedInRoute.addChildren([appsRoute, appRoute.addChildren([overviewRoute]), platformRoute]),
])

/** Every address of the console. A page that isn't the first one is loaded when it is asked for. */
export const makeRouter = () => createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })
