import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { DETECTION_LIMITS, type IncidentAccount, type IncidentEntry } from '#contract/detection.ts'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { type TimeLane, type TimeMark, timeLineOf, timeLineWords } from './incident-time-line.ts'
import { entryWords, momentWords } from './incident-words.ts'
import classes from './time-line-panel.module.css'

/** The newest are shown; the others by a press. */
const NEWEST = 30

/** What happened in an incident, when: as a picture, and as a list that says the same and more. */
export function TimeLinePanel({ incident }: { readonly incident: IncidentAccount }) {
  const [all, setAll] = useState(false)
  const { entries, closedAt } = incident
  if (entries.length === 0) return null
  const shown = all ? entries : entries.slice(-NEWEST)
  const isCut = entries.length >= DETECTION_LIMITS.entries
  return (
    <Panel
      title="Time line"
      note={`What happened, the oldest first; times are UTC.${isCut ? ` The newest ${DETECTION_LIMITS.entries} events.` : ''}`}
    >
      <PanelBody>
        <Stack gap="lg">
          <Picture entries={entries} />
          {entries.length > NEWEST && (
            <div>
              <Button size="compact-xs" variant="default" aria-expanded={all} onClick={() => setAll(!all)}>
                {all ? `The newest ${NEWEST} only` : `All ${entries.length}`}
              </Button>
            </div>
          )}
          <ol className={classes.moments} aria-label="What happened, in its order">
            {shown.map((entry) => (
              <Entry key={`${entry.host} ${entry.uid}`} entry={entry} />
            ))}
            {closedAt !== null && (
              <li className={classes.moment}>
                <time dateTime={closedAt}>{momentWords(closedAt)}</time>
                <Text size="sm">Nothing more came for half an hour: the incident is over.</Text>
              </li>
            )}
          </ol>
        </Stack>
      </PanelBody>
    </Panel>
  )
}

function Entry({ entry }: { readonly entry: IncidentEntry }) {
  const { start_time, kind, message, disposition } = entry
  return (
    <li className={classes.moment} data-stopped={disposition === 'Blocked'}>
      <time dateTime={start_time}>{momentWords(start_time)}</time>
      <StateBadge state={kind} />
      <Text size="sm" className={classes.words ?? ''}>
        <bdi>{message}</bdi>
      </Text>
      <Text size="xs" c="dimmed">
        {entryWords(entry)}
      </Text>
    </li>
  )
}

function Picture({ entries }: { readonly entries: readonly IncidentEntry[] }) {
  const { lanes, ticks } = timeLineOf(entries)
  return (
    <figure className={classes.picture}>
      <div role="img" aria-label={timeLineWords(entries)}>
        {lanes.map((lane) => (
          <Lane key={lane.kind} lane={lane} ticks={ticks} />
        ))}
        <svg className={classes.axis} aria-hidden>
          {ticks.map(({ at, text }) => (
            <text key={text} x={`${at}%`} y="12" textAnchor={anchorOf(at)}>
              {text}
            </text>
          ))}
        </svg>
      </div>
      <figcaption className={classes.legend}>
        <span data-stopped>stopped</span>
        <span>only recorded</span>
      </figcaption>
    </figure>
  )
}

/** Words at the ends stay within the picture. */
const anchorOf = (at: number) => (at < 12 ? 'start' : at > 88 ? 'end' : 'middle')

function Lane({ lane, ticks }: { readonly lane: TimeLane; readonly ticks: ReadonlyArray<{ at: number }> }) {
  return (
    <div className={classes.lane}>
      <span>{lane.kind}</span>
      <svg aria-hidden>
        {ticks.map(({ at }) => (
          <line key={at} className={classes.tick} x1={`${at}%`} x2={`${at}%`} y1="0" y2="100%" />
        ))}
        {lane.marks.map((mark) => (
          <Mark key={mark.key} mark={mark} />
        ))}
      </svg>
    </div>
  )
}

/** Colour is not all that tells them apart: what was stopped is thicker. */
const Mark = ({ mark: { from, to, isStopped } }: { readonly mark: TimeMark }) => (
  <line
    className={classes.mark}
    data-stopped={isStopped || undefined}
    x1={`${from}%`}
    // A line without length has no round end in every browser.
    x2={`${to + 0.01}%`}
    y1="50%"
    y2="50%"
  />
)
