import { Title } from '@mantine/core'
import type { HostInstance, HostWithInstances } from '#contract/host-view.ts'
import { ago, counted } from '#runtime/kit/human-units.ts'
import { CodeInText } from '../app-shell/code-in-text.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { DrainButton } from './drain-button.tsx'
import classes from './hosts-page.module.css'

/** One host of the map: how it is, how full, what runs there, and how to empty it. */
export function HostCard(props: {
  readonly host: HostWithInstances
  readonly all: readonly HostWithInstances[]
  /** The address that the hosts of its data centre share. */
  readonly shared: string | null
}) {
  const { host, all, shared } = props
  const byApp = [...Map.groupBy(host.running, ({ app }) => app)]
  return (
    <li className={classes.host}>
      <div className={classes.head}>
        <Title order={3} size="md">
          {host.name}
        </Title>
        <StateBadge state={host.state} />
        {host.draining && host.state !== 'draining' && <StateBadge state="draining" />}
        <span className={classes.action}>
          <DrainButton host={host} all={all} />
        </span>
      </div>
      <Facts host={host} shared={shared} />
      {byApp.length > 0 && (
        <ul className={classes.apps} aria-label={`What runs on ${host.name}`}>
          {byApp.map(([app, instances]) => (
            <li key={app}>
              <strong className={classes.app}>{app}</strong>
              <ul className={classes.instances} aria-label={`Instances of ${app}`}>
                {instances.map((one) => (
                  <InstanceItem key={`${one.id} ${one.release} ${one.course}`} instance={one} />
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function Facts({ host, shared }: { readonly host: HostWithInstances; readonly shared: string | null }) {
  const now = useServerTime()
  const { promisedMb, availableMb } = host.memory
  const reported = host.reportedAt === null ? 'never heard' : `heard ${ago(host.reportedAt, now)}`
  const kind = host.first ? 'first host, ' : host.role === 'witness' ? 'witness, ' : ''
  return (
    <div className={classes.facts}>
      <div data-live>
        {kind}
        {host.address}, {reported}
      </div>
      {shared !== null && host.holdsAddress && <div data-live>{shared} leads here</div>}
      {host.runsApps && (
        <div data-live>
          {counted(host.instances, 'instance')}, {gigabytes(promisedMb)} of {gigabytes(availableMb)} GB
          promised
          <span aria-hidden className={classes.meter}>
            <span style={{ width: `${Math.min(100, (promisedMb / Math.max(1, availableMb)) * 100)}%` }} />
          </span>
        </div>
      )}
      <Remark host={host} />
    </div>
  )
}

const gigabytes = (mb: number) => (mb / 1024).toFixed(1)

/** What one has to know beside the figures. */
function Remark({ host }: { readonly host: HostWithInstances }) {
  const text = remarkOf(host)
  return text === '' ? null : (
    <div data-live>
      <CodeInText text={text} />
    </div>
  )
}

function remarkOf({ name, role, runsApps, draining, instances, waiting, first }: HostWithInstances): string {
  if (role === 'witness') return 'It has a voice in the quorum and runs no apps.'
  if (waiting > 0) return `${waiting} should leave, and no other host has room for them.`
  if (draining && instances === 0)
    return first
      ? 'Nothing of the apps is left here.'
      : `It is empty: \`maru host remove ${name}\` takes it out.`
  return runsApps ? '' : 'It has not said that it can run apps.'
}

const COURSES: Readonly<Record<HostInstance['course'], string>> = {
  stays: '',
  arriving: 'arrives',
  leaving: 'leaves',
  waiting: 'waits for room elsewhere',
  ending: 'ends',
}

function InstanceItem({ instance: one }: { readonly instance: HostInstance }) {
  const course = COURSES[one.course]
  return (
    <li className={course === '' ? classes.instance : `${classes.instance} ${classes.going}`}>
      <span>
        {one.id} <span className={classes.course}>v{one.release}</span>
      </span>
      <StateBadge state={one.state} />
      {course !== '' && (
        <span className={classes.course} data-live>
          {course}
        </span>
      )}
    </li>
  )
}
