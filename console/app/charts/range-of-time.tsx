import { SegmentedControl } from '@mantine/core'
import { MetricsRange } from '#contract/metrics.ts'

const NAMES = { '1h': 'Hour', '24h': 'Day', '7d': 'Week' } as const

/** Chooses how far back pictures go. */
export const RangeOfTime = (props: {
  readonly value: MetricsRange
  readonly onChange: (range: MetricsRange) => void
}) => (
  <SegmentedControl
    size="xs"
    aria-label="Range of time"
    data={MetricsRange.options.map((value) => ({ value, label: NAMES[value] }))}
    value={props.value}
    onChange={(value) => props.onChange(MetricsRange.parse(value))}
  />
)
