import { Group, NativeSelect, SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Explanation, NetworkRuleView } from '#contract/network-api.ts'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { ExplainForm, type Question } from './explain-form.tsx'
import { FlowTable } from './flow-table.tsx'
import { endsOf, flowsAbout, flowsOf, standing } from './flows.ts'
import { mapNote, NetworkMap } from './network-map.tsx'
import { NOBODY, type Pair, picked } from './pair.ts'

type Look = 'picture' | 'table'
/** A rule ends by itself: the picture need not know it to the second. */
const LOOK_MS = 10_000

/** The map with what is asked about it. `about`: only the part of one end, which is then who asks. */
export function MapPanel(props: {
  readonly title: string
  readonly rules: readonly NetworkRuleView[]
  readonly apps?: readonly string[]
  readonly about?: string
  readonly ask: (question: Question) => Promise<Explanation>
}) {
  const { rules, about, apps = [] } = props
  const now = useServerTime(LOOK_MS)
  const [shown, setShown] = useState('')
  const [look, setLook] = useState<Look>('picture')
  const [pair, setPair] = useState<Pair>(about === undefined ? NOBODY : { from: about, to: '' })
  const inForce = useMemo(() => standing(rules, now), [rules, now])
  const centre = about ?? shown
  const flows = useMemo(
    () => (centre === '' ? flowsOf(inForce) : flowsAbout(inForce, centre)),
    [inForce, centre],
  )
  const names = useMemo(() => [...new Set([...endsOf(flowsOf(inForce)), ...apps])].sort(), [inForce, apps])
  return (
    <Panel
      title={props.title}
      note={<span data-live>{mapNote(flows)}</span>}
      actions={
        <Group gap="xs">
          {about === undefined && <ShowOnly names={names} value={shown} onChange={setShown} />}
          <ShowAs value={look} onChange={setLook} />
        </Group>
      }
    >
      <PanelBody>
        <ExplainForm
          pair={pair}
          onChange={setPair}
          names={names}
          ask={props.ask}
          fixedFrom={about !== undefined}
        />
      </PanelBody>
      {look === 'table' ? (
        <FlowTable flows={flows} />
      ) : (
        <NetworkMap flows={flows} pair={pair} onPick={(name) => setPair(picked(pair, name, about))} />
      )}
    </Panel>
  )
}

function ShowOnly(props: {
  readonly names: readonly string[]
  readonly value: string
  readonly onChange: (name: string) => void
}) {
  const all = { value: '', label: 'Everybody' }
  return (
    <NativeSelect
      size="xs"
      aria-label="Show only"
      data={[all, ...props.names.map((name) => ({ value: name, label: name }))]}
      value={props.value}
      onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  )
}

const ShowAs = (props: { readonly value: Look; readonly onChange: (look: Look) => void }) => (
  <SegmentedControl
    size="xs"
    aria-label="Show it as"
    data={[
      { value: 'picture', label: 'Picture' },
      { value: 'table', label: 'Table' },
    ]}
    value={props.value}
    onChange={(value) => props.onChange(value === 'table' ? 'table' : 'picture')}
  />
)
