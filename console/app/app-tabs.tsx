import { Link } from '@tanstack/react-router'
import { moveAmongLinks } from '../app-shell/move-among-links.ts'
import { useTabInSight } from '../app-shell/use-tab-in-sight.ts'
import classes from './app-tabs.module.css'

/** Pages of an app in the order in which people need them. */
const PAGES = [
  { to: '/apps/$app', name: 'Overview' },
  { to: '/apps/$app/releases', name: 'Releases' },
  { to: '/apps/$app/logs', name: 'Logs' },
  { to: '/apps/$app/config', name: 'Configuration' },
  { to: '/apps/$app/database', name: 'Database' },
  { to: '/apps/$app/network', name: 'Network' },
] as const

/** The pages of an app; each is a link, so they open in new tabs and can be sent to others. */
export function AppTabs({ app }: { readonly app: string }) {
  const tabs = useTabInSight()
  return (
    <nav ref={tabs} aria-label={`Pages of ${app}`} className={classes.tabs} onKeyDown={moveAmongLinks}>
      {PAGES.map(({ to, name }, index) => (
        <Link
          key={to}
          to={to}
          params={{ app }}
          activeOptions={{ exact: index === 0 }}
          className={classes.tab}
        >
          {name}
        </Link>
      ))}
    </nav>
  )
}
