import { Loader, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type DrillEntry, type DrillStart, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { call } from '../api/api.ts'
import { LineList } from '../app/lines/line-list.tsx'
import { StepList } from '../app/operations/step-list.tsx'
import { CommandLine } from '../app-shell/command-line.tsx'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { keyOf } from '../live/topic-keys.ts'
import { whereText } from './drill-state.ts'
import { type DrillProgress, useDrillProgress } from './use-drill-progress.ts'

/** How the drill is run: by a button in a lab, on the host elsewhere. One that is under way is shown as it goes. */
export function StartPanel(props: { readonly drill: DrillEntry; readonly underWay: DrillStart | null }) {
  const { drill, underWay } = props
  const [started, setStarted] = useState<DrillStart>()
  const own = underWay?.drill === drill.name ? underWay : started
  return (
    <>
      <Panel
        title="Run it"
        note={whereText(drill)}
        actions={
          drill.here === 'yes' && <StartButton drill={drill} underWay={underWay} onStarted={setStarted} />
        }
      >
        <PanelBody>
          <Stack gap="sm" maw={720}>
            <Text size="sm">{placeOf(drill)}</Text>
            <CommandLine command={commandOf(drill)} />
          </Stack>
        </PanelBody>
      </Panel>
      {own !== undefined && own !== null && <Course start={own} />}
    </>
  )
}

const PLACE = {
  host: 'On the host, as root:',
  pair: 'On the host with the database pair, as root:',
  machine: 'On the host, as root: it enters networks with programs of the machine.',
  hosts: 'On the machine that carries the lab, outside of its hosts, as root:',
} as const

/** Its members are on several hosts of a lab. */
const isPairOfLab = ({ needs, carriedOutBy }: DrillEntry) => needs === 'pair' && carriedOutBy === 'lab'

const placeOf = (drill: DrillEntry) => PLACE[isPairOfLab(drill) ? 'hosts' : (drill.needs ?? 'host')]

/** What the command needs beside the drill's name. */
function moreOf(drill: DrillEntry): string {
  if (drill.here === 'on-request') return ' --i-understand-this-is-production'
  // Without it, this drill is meant for an installation on one host.
  return isPairOfLab(drill) ? ' --home /var/lib/maru-lab' : ''
}

const commandOf = (drill: DrillEntry) => `maru drill run ${drill.name}${moreOf(drill)}`

function StartButton(props: {
  readonly drill: DrillEntry
  readonly underWay: DrillStart | null
  readonly onStarted: (start: DrillStart) => void
}) {
  const { drill, underWay } = props
  const queries = useQueryClient()
  const start = useMutation({
    mutationFn: () => call(drillRoutes.start, { params: { drill: drill.name } }),
    onSuccess: (answer) => {
      props.onStarted(answer)
      return queries.invalidateQueries({ queryKey: keyOf({ kind: 'trust' }) })
    },
  })
  return (
    <ConfirmButton
      // Closes the question once the drill is under way.
      key={start.data?.id ?? ''}
      label="Start this drill"
      title={`Start ${drill.name}?`}
      action={() => start.mutate()}
      pending={start.isPending}
      error={start.error}
      look={{ disabled: underWay !== null }}
    >
      {drill.harmless ? 'It disturbs nobody.' : 'It breaks things in this lab on purpose.'} {drill.fault} It
      takes about {drill.expectedS} s and goes on when you leave this page.
    </ConfirmButton>
  )
}

/** A drill that was started here, live, through moments in which the control plane itself is away. */
function Course({ start }: { readonly start: DrillStart }) {
  const progress = useDrillProgress(start.id)
  return (
    <Panel title="Under way" note={<Now progress={progress} />}>
      <PanelBody>
        <Stack gap="md">
          <End progress={progress} />
          <StepList steps={progress.steps} end={progress.end?.type} />
        </Stack>
      </PanelBody>
      <LineList buffer={progress.buffer} label="What the drill says" empty="It has said nothing yet." grows />
    </Panel>
  )
}

function Now({ progress: { end, shown, error } }: { readonly progress: DrillProgress }) {
  if (end !== undefined) return 'It has ended.'
  if (error !== undefined) return 'Nothing more is heard of it here.'
  return (
    <span data-live>
      <Loader size={12} aria-hidden /> {shown || 'It goes on when you leave this page.'}
    </span>
  )
}

function End({ progress: { end, error } }: { readonly progress: DrillProgress }) {
  if (end?.type === 'failed') return <ErrorNotice error={MaruError.fromBody({ error: end.error })} />
  if (error !== undefined) return <ErrorNotice error={error} />
  return (
    <Text role="status" size="sm" fw={600}>
      {end !== undefined && `${end.passed ? 'Passed' : 'Not passed'}: ${end.text}`}
    </Text>
  )
}
