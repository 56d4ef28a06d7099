import { CubeIcon, GlobeIcon, LayersIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { App, Instance } from '#contract/apps.ts'
import type { Database } from '#contract/data.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { databaseQuery } from '../app-queries.ts'
import { versionText } from '../database/version-text.ts'
import classes from './path-picture.module.css'

/** The way of a request: the edge, the instances that answer, the database behind them. */
export function PathPicture(props: { readonly app: App; readonly instances: readonly Instance[] }) {
  const { app, instances } = props
  const database = useQuery(databaseQuery(app.name)).data
  const web = instances.filter(({ process }) => process === 'web')
  const others = instances.filter(({ process }) => process !== 'web')
  return (
    <ol className={classes.path} aria-label="The way of a request">
      <Station icon={<GlobeIcon aria-hidden />} title="Edge" detail="HTTPS only">
        {app.url.replace('https://', '')}
      </Station>
      <Station
        icon={<CubeIcon aria-hidden />}
        title="Instances"
        detail={`${counted(web.length, 'instance')} for requests`}
      >
        <States instances={web} none="None serves" />
        {others.length > 0 && <p className={classes.beside}>Beside them, without requests</p>}
        <States instances={others} none="" />
      </Station>
      <Station
        icon={<LayersIcon aria-hidden />}
        title="Database"
        detail={database === undefined ? '' : versionText(database.version)}
      >
        {database !== undefined && <Members database={database} />}
      </Station>
    </ol>
  )
}

function Station(props: {
  readonly icon: ReactNode
  readonly title: string
  readonly detail: string
  readonly children: ReactNode
}) {
  return (
    <li className={classes.station}>
      <p className={classes.head}>
        <span className={classes.icon}>{props.icon}</span>
        <strong>{props.title}</strong>
        <span className={classes.detail}>{props.detail}</span>
      </p>
      <div className={classes.content}>{props.children}</div>
    </li>
  )
}

function States({ instances, none }: { readonly instances: readonly Instance[]; readonly none: string }) {
  if (instances.length === 0) return none && <span data-live>{none}</span>
  return instances.map((one) => (
    <div key={`${one.id} ${one.release}`} className={classes.row}>
      <span data-live>{one.id}</span>
      <StateBadge state={one.state} />
    </div>
  ))
}

function Members({ database }: { readonly database: Database }) {
  const standbys = database.standbys.map(({ member, synchronous }) => ({
    member,
    part: synchronous ? 'synchronous standby' : 'standby',
  }))
  return [{ member: database.primary, part: 'primary' }, ...standbys].map(({ member, part }) => (
    <div key={member} className={classes.row} data-live>
      <span>{member}</span>
      <span className={classes.detail}>{part}</span>
    </div>
  ))
}
