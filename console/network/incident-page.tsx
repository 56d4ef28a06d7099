import { Anchor, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import { type IncidentAccount, whoWords } from '#contract/detection.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { CodeInText } from '../app-shell/code-in-text.tsx'
import facts from '../app-shell/facts.module.css'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import classes from './incident-page.module.css'
import { severityWord, spanWords, stateWord, timesWords } from './incident-words.ts'
import { KeepOut } from './keep-out.tsx'
import { incidentQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'
import { TimeLinePanel } from './time-line-panel.tsx'

/** One incident: what happened, as an account and as a time line, what the platform did, and what people can do. */
export function IncidentPage() {
  const { incident: id } = useParams({ from: '/signed-in/platform/network/incidents/$incident' })
  const query = useQuery(incidentQuery(id))
  return (
    <NetworkPageFrame title={query.data?.title ?? 'An incident of the network'} isSentence>
      <Anchor component={Link} to="/platform/network/incidents" size="sm">
        All incidents
      </Anchor>
      <Loaded query={query}>
        {(incident) => (
          <Stack gap="lg">
            <What incident={incident} />
            <Sentences title="What Maru did" all={incident.did} none="It noticed and recorded it." />
            <Sentences title="What you can do" all={incident.canDo} none="Nothing needs to be done.">
              <KeepOut incident={incident} />
            </Sentences>
            <TimeLinePanel incident={incident} />
          </Stack>
        )}
      </Loaded>
    </NetworkPageFrame>
  )
}

function What({ incident }: { readonly incident: IncidentAccount }) {
  const now = useServerTime()
  const { id, title, severity, lastAt, hosts, apps, count, account } = incident
  return (
    <Panel
      title={title}
      note={id}
      actions={
        <Group gap="xs">
          <StateBadge state={severityWord(severity)} />
          <StateBadge state={stateWord(incident)} />
        </Group>
      }
    >
      <PanelBody>
        <Stack gap="md">
          <Text size="sm" maw={760} data-live>
            <bdi>{account}</bdi>
          </Text>
          <dl className={facts.facts}>
            <dt>Who</dt>
            <dd>
              <bdi>{whoWords(incident)}</bdi>
            </dd>
            <dt>When</dt>
            <dd data-live>
              {spanWords(incident)}; the last of it {ago(lastAt, now)}
            </dd>
            <dt>Apps</dt>
            <dd>{apps.length === 0 ? 'none' : <Apps apps={apps} />}</dd>
            <dt>Hosts</dt>
            <dd>{hosts.join(', ')}</dd>
            <dt>How often</dt>
            <dd data-live>{timesWords(count)}, packets and requests together</dd>
          </dl>
        </Stack>
      </PanelBody>
    </Panel>
  )
}

const Apps = ({ apps }: { readonly apps: readonly string[] }) =>
  apps.map((app, index) => (
    <Fragment key={app}>
      {index > 0 && ', '}
      <Anchor component={Link} to={`/apps/${app}`} inherit>
        <bdi>{app}</bdi>
      </Anchor>
    </Fragment>
  ))

function Sentences(props: {
  readonly title: string
  readonly all: readonly string[]
  readonly none: string
  readonly children?: ReactNode
}) {
  return (
    <Panel title={props.title}>
      <PanelBody>
        <Stack gap="md" maw={760}>
          {props.all.length === 0 ? (
            <Text size="sm">{props.none}</Text>
          ) : (
            <ul className={classes.sentences}>
              {props.all.map((text) => (
                <li key={text}>
                  <CodeInText text={text} />
                </li>
              ))}
            </ul>
          )}
          {props.children}
        </Stack>
      </PanelBody>
    </Panel>
  )
}
