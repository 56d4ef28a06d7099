import { Link } from '@tanstack/react-router'
import classes from './app-tabs.module.css'

/** The pages of an app; each is a link, so they open in new tabs and can be sent to others. */
export function AppTabs({ app }: { readonly app: string }) {
  return (
    <nav aria-label={`Pages of ${app}`} className={classes.tabs}>
      <Link to="/apps/$app" params={{ app }} activeOptions={{ exact: true }} className={classes.tab}>
        Overview
      </Link>
    </nav>
  )
}
