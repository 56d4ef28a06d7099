import { Text, VisuallyHidden } from '@mantine/core'
import type { MeasuredRate } from '#contract/upstream.ts'
import cells from '../app/cells.module.css'
import { DataTable } from '../app-shell/data-table.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import classes from './upstream-rates.module.css'
import { meterOf, rateWords } from './upstream-words.ts'

const COLUMNS = ['To', 'Packets a second', 'Now', 'Highest in an hour', 'Limit'] as const

/** What comes to the addresses that have a limit, beside it. */
export function UpstreamRates({ measured }: { readonly measured: readonly MeasuredRate[] }) {
  return (
    <Panel
      title="What comes, and the limit"
      note="Packets to each address that has a limit, counted on every host before anything is dropped. The mark is the limit; the pale bar is the most of an hour."
    >
      {measured.length === 0 ? (
        <PanelBody>
          <Text size="sm">
            No provider has a limit, or no host has counted yet. Without a limit nothing is announced by
            itself.
          </Text>
        </PanelBody>
      ) : (
        <DataTable label="What comes, and the limit" columns={COLUMNS} minWidth={680}>
          {measured.map((rate) => (
            <Rate key={`${rate.address} ${rate.host} ${rate.upstream}`} rate={rate} />
          ))}
        </DataTable>
      )}
    </Panel>
  )
}

function Rate({ rate }: { readonly rate: MeasuredRate }) {
  const { address, host, upstream, perSecond, highest, limit } = rate
  return (
    <tr>
      <td className={cells.name}>
        {address}
        <span className={cells.below}>
          on {host}, for {upstream}
        </span>
      </td>
      <td>
        <Meter rate={rate} />
      </td>
      <td data-live>{perSecond.toLocaleString('en')}</td>
      <td data-live>{highest.toLocaleString('en')}</td>
      <td>{limit.toLocaleString('en')}</td>
    </tr>
  )
}

function Meter({ rate }: { readonly rate: MeasuredRate }) {
  const { now, highest, limit, isAbove } = meterOf(rate)
  const width = (percent: number) => ({ width: `${percent}%` })
  return (
    <>
      <VisuallyHidden>
        <meter
          aria-label={`What comes to ${rate.address} on ${rate.host}`}
          aria-valuetext={rateWords(rate)}
          min={0}
          max={100}
          value={now}
        />
      </VisuallyHidden>
      <div aria-hidden className={classes.meter} data-above={isAbove || undefined} data-live>
        <span className={classes.highest} style={width(highest)} />
        <span className={classes.now} style={width(now)} />
        <span className={classes.limit} style={{ left: `${limit}%` }} />
      </div>
    </>
  )
}
