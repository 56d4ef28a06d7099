import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { App, Instance } from '#contract/apps.ts'
import type { Database } from '#contract/data.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { databaseQuery } from '../app-queries.ts'
import classes from './path-picture.module.css'

/** The way of a request: the edge, the instances that answer, the database behind them. */
export function PathPicture({
  app,
  instances,
}: {
  readonly app: App
  readonly instances: readonly Instance[]
}) {
  const database = useQuery({ ...databaseQuery(app.name), enabled: app.release !== null }).data
  const web = instances.filter(({ process }) => process === 'web')
  const others = instances.filter(({ process }) => process !== 'web')
  return (
    <ol className={classes.path} aria-label="The way of a request">
      <Station title="Edge" detail={app.url.replace('https://', '')}>
        HTTPS only
      </Station>
      <Station title="Instances" detail={counted(web.length, 'web instance')}>
        <States instances={web} none="none serves" />
        {others.length > 0 && (
          <>
            <Text size="xs" c="dimmed" mt={4}>
              beside them, without requests
            </Text>
            <States instances={others} none="" />
          </>
        )}
      </Station>
      <Station title="Database" detail={database === undefined ? '' : `PostgreSQL ${database.version}`}>
        {database !== undefined && <Pair database={database} />}
      </Station>
    </ol>
  )
}

function Station(props: { readonly title: string; readonly detail: string; readonly children: ReactNode }) {
  return (
    <li className={classes.station}>
      <Text fw={600}>{props.title}</Text>
      <Text size="xs" c="dimmed" className={classes.detail ?? ''}>
        {props.detail}
      </Text>
      <Text size="sm" component="div" mt={6}>
        {props.children}
      </Text>
    </li>
  )
}

function States({ instances, none }: { readonly instances: readonly Instance[]; readonly none: string }) {
  if (instances.length === 0) return <span data-live>{none}</span>
  return (
    <span className={classes.states}>
      {instances.map((one) => (
        <span key={`${one.id} ${one.release}`} className={classes.state}>
          <span data-live>{one.id}</span> <StateBadge state={one.state} />
        </span>
      ))}
    </span>
  )
}

function Pair({ database }: { readonly database: Database }) {
  return (
    <span data-live>
      {database.primary}
      {database.standbys.map(({ member }) => ` ⇄ ${member}`).join('')}
    </span>
  )
}
