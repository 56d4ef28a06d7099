import type { Moment } from './series.ts'

/** A line of a picture. */
export interface ChartSeries {
  readonly name: string
  readonly label: string
  readonly color: string
}

/** Of the theme; more lines begin again. */
const COLOURS = 6
export const colourOf = (index: number) => `var(--maru-chart-${(index % COLOURS) + 1})`

/** One is always shown; of what there was none of, there is no line along the ground. */
export const seriesWithValues = (all: readonly ChartSeries[], always: string, moments: readonly Moment[]) =>
  all.filter(({ name }) => name === always || moments.some((moment) => (moment[name] ?? 0) > 0))
