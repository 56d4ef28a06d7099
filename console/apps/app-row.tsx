import { Link } from '@tanstack/react-router'
import type { App } from '#contract/apps.ts'
import { StateBadge } from '../app-shell/state-badge.tsx'
import classes from './apps-table.module.css'

/** One app in the list. */
export function AppRow({ app, rowIndex }: { readonly app: App; readonly rowIndex: number }) {
  const { running, wanted } = app.instances
  return (
    <tr aria-rowindex={rowIndex} className={classes.row}>
      <td>
        <Link to="/apps/$app" params={{ app: app.name }} className={classes.link}>
          <bdi>{app.name}</bdi>
        </Link>
        <a href={app.url} target="_blank" rel="noreferrer" className={classes.address}>
          {app.url.replace('https://', '')}
        </a>
      </td>
      <td>
        <StateBadge state={app.state} />
      </td>
      <td data-live>{app.release === null ? '–' : `v${app.release}`}</td>
      <td data-live>{running === wanted ? running : `${running} of ${wanted}`}</td>
    </tr>
  )
}
