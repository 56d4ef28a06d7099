import { VisuallyHidden } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense } from 'react'
import { useConnection } from '../live/live-provider.tsx'
import { AccountMenu } from '../session/account-menu.tsx'
import { useMe } from '../session/use-me.ts'
import { ConnectionBar } from './connection-bar.tsx'
import { Mark } from './mark.tsx'
import classes from './page-frame.module.css'
import { PageLink } from './page-link.tsx'
import { useCurrentTitle } from './page-title.ts'

const IncidentNotice = lazy(async () => ({
  default: (await import('../network/incident-notice.tsx')).IncidentNotice,
}))

/** What stands around every page: the way to the others, whose session it is, whether the page is fresh. */
export function PageFrame({ children }: { readonly children: ReactNode }) {
  const me = useMe()
  const connection = useConnection()
  return (
    <>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <PageName />
      <ConnectionBar />
      {me.operator && (
        <Suspense>
          <IncidentNotice />
        </Suspense>
      )}
      <header className={classes.header}>
        <div className={classes.inner}>
          <Link to="/" className={classes.mark}>
            <Mark />
            <span className={classes.name}>Maru</span>
            <VisuallyHidden>: your apps</VisuallyHidden>
          </Link>
          <nav aria-label="Pages" className={classes.nav}>
            <PageLink to="/" covers="/apps/" label="Apps" />
            {me.operator && <PageLink to="/platform" covers="/platform" label="Platform" />}
            <a href="/trust" className={classes.link}>
              Trust
            </a>
          </nav>
          <AccountMenu me={me} />
        </div>
      </header>
      <main id="content" tabIndex={-1} className={classes.main} data-connection={connection.state}>
        {children}
      </main>
    </>
  )
}

/** Says where one is now: a screen reader hears nothing of a page that only changes its content. */
const PageName = () => (
  <VisuallyHidden role="status">
    <bdi>{useCurrentTitle()}</bdi>
  </VisuallyHidden>
)
