import type { ComponentStatus, PlatformStatus } from '#contract/platform.ts'
import { bytes, counted } from '#runtime/kit/human-units.ts'
import { DataTable } from '../app-shell/data-table.tsx'
import { Panel } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import classes from './components-panel.module.css'

/** What the platform is made of, and how it is. */
export function ComponentsPanel({ status }: { readonly status: PlatformStatus }) {
  const { components, apps } = status
  const memory = components.reduce((sum, one) => sum + (one.memoryBytes ?? 0), 0)
  const troubled = components.filter(({ state }) => state !== 'ok')
  const health =
    troubled.length === 0 ? 'All components are well' : `${troubled.length} of ${components.length} not well`
  return (
    <Panel
      title="Components"
      note={
        <span data-live>
          {health}; {bytes(memory)} of memory for {counted(apps, 'app')}
        </span>
      }
    >
      <DataTable label="Components" columns={['Component', 'State', 'Memory', 'Detail']} minWidth={560}>
        {components.map((one) => (
          <ComponentRow key={one.component} component={one} total={memory} />
        ))}
      </DataTable>
    </Panel>
  )
}

function ComponentRow(props: { readonly component: ComponentStatus; readonly total: number }) {
  const { component, state, memoryBytes, detail } = props.component
  return (
    <tr>
      <td className={classes.name}>{component}</td>
      <td>
        <StateBadge state={state} />
      </td>
      <td data-live>
        {memoryBytes === null ? '–' : bytes(memoryBytes)}
        {memoryBytes !== null && <Share part={memoryBytes} of={props.total} />}
      </td>
      <td>
        <bdi>{detail}</bdi>
      </td>
    </tr>
  )
}

/** A part of a whole as a line; the number beside it says the same. */
const Share = ({ part, of }: { readonly part: number; readonly of: number }) => (
  <span aria-hidden className={classes.share}>
    <span style={{ width: `${(part / of) * 100}%` }} />
  </span>
)
