import type { DrillResult } from '#contract/drill-result.ts'
import { escapeHtml as safe } from '#runtime/kit/html.ts'
import { timesOf } from './ledger-samples.ts'
import { makeScale, type Scale, secondsText, ticksOf } from './time-line-scale.ts'
import { styleOf, type TimeLineScheme } from './time-line-style.ts'

const WIDTH = 480
const LEFT = 8
/** Where the track begins and ends; labels stand before it, times after it. */
const TRACK = { from: 148, to: 404 } as const
const HEAD = 44
const STRIP = { height: 40, below: 34 } as const
const ROW = 28
const AXIS = 34
const BARS = 64
const LABEL_LONGEST = 20

type Drawn = Pick<DrillResult, 'drill' | 'passed' | 'result' | 'timeLine' | 'ledger'>

/**
 * The time line of a drill as an SVG picture: the moments from top to bottom, each at its place in time, above them how
 * many writes were acknowledged when. Undefined where the result has no time line. Pure.
 *
 * `page` leaves the colours to the page that it stands in (`TIME_LINE_RULES`); otherwise it brings its own.
 */
export function renderTimeLine(drawn: Drawn, scheme: TimeLineScheme = 'auto'): string | undefined {
  const marks = drawn.timeLine?.marks ?? []
  if (marks.length === 0) return undefined
  const scale = makeScale(
    marks.map(({ atS }) => atS),
    TRACK,
  )
  const hasLedger = (drawn.ledger?.total ?? 0) > 0
  const top = HEAD + (hasLedger ? STRIP.height + STRIP.below : 0)
  const bottom = top + marks.length * ROW
  const height = bottom + AXIS
  const parts = [
    `<svg class="time-line" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${safe(`Time line of ${drawn.drill}`)}</title>`,
    `<desc>${safe(describeTimeLine(drawn))}</desc>`,
    styleOf(scheme),
    `<rect class="tl-page" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(LEFT, 26, 'tl-head', drawn.drill),
    text(
      WIDTH - LEFT,
      26,
      drawn.passed ? 'tl-good tl-end' : 'tl-bad tl-end',
      drawn.passed ? 'passed' : 'not passed',
    ),
    ...renderSilence(marks, scale, HEAD, bottom),
    ...(hasLedger ? renderStrip(drawn, scale) : []),
    ...renderAxis(scale, top, bottom),
    ...marks.flatMap(({ label, atS }, index) => renderRow(label, atS, scale, top + index * ROW)),
    '</svg>',
  ]
  return `${parts.filter((part) => part !== '').join('\n')}\n`
}

/** What the picture shows, in words. */
export function describeTimeLine({ timeLine, ledger, result }: Drawn): string {
  const moments = (timeLine?.marks ?? []).map(({ label, atS }) => `${label} at ${secondsText(atS)}`)
  const entries = ledger === undefined ? '' : ` ${ledger.total} ${ledger.of}, ${ledger.lost.length} lost.`
  return `Seconds since the fault: ${moments.join(', ')}.${entries} ${result}`
}

const text = (x: number, y: number, classes: string, words: string) =>
  `<text x="${round(x)}" y="${round(y)}" class="${classes}">${safe(words)}</text>`

const round = (value: number) => Math.round(value * 10) / 10

/** From the fault to the first success nothing was to be had: a band behind everything. */
function renderSilence(
  marks: ReadonlyArray<{ readonly label: string; readonly atS: number }>,
  scale: Scale,
  top: number,
  bottom: number,
): string[] {
  const fault = marks.find(({ label }) => label === 'fault')
  const success = marks.find(({ label }) => label === 'first success')
  if (fault === undefined || success === undefined) return []
  const [from, to] = [scale.x(fault.atS), scale.x(success.atS)]
  return [
    `<rect class="tl-band" x="${round(from)}" y="${top}" width="${round(Math.max(1, to - from))}" height="${bottom - top}"/>`,
  ]
}

function renderRow(label: string, atS: number, scale: Scale, y: number): string[] {
  const [middle, x] = [y + ROW / 2, scale.x(atS)]
  const short = label.length > LABEL_LONGEST ? `${label.slice(0, LABEL_LONGEST - 1)}…` : label
  return [
    text(LEFT, middle + 5, 'tl-text', short),
    `<path class="tl-line" d="M${TRACK.from} ${middle}H${round(x)}"/>`,
    `<circle class="tl-dot" cx="${round(x)}" cy="${middle}" r="5"/>`,
    text(WIDTH - LEFT, middle + 5, 'tl-text tl-end', secondsText(atS)),
  ]
}

function renderAxis(scale: Scale, top: number, bottom: number): string[] {
  return ticksOf(scale).flatMap((atS) => {
    const x = round(scale.x(atS))
    return [
      `<path class="tl-grid" d="M${x} ${top}V${bottom + 4}"/>`,
      text(x, bottom + 20, 'tl-soft tl-middle', `${atS} s`),
    ]
  })
}

/** How many entries of the ledger came in each of many small steps: where bars are missing, nothing was acknowledged. */
function renderStrip({ ledger }: Drawn, scale: Scale): string[] {
  if (ledger === undefined) return []
  const step = (TRACK.to - TRACK.from) / BARS
  const counts = new Array<number>(BARS).fill(0)
  for (const atS of timesOf(ledger)) {
    const bar = Math.floor((scale.x(atS) - TRACK.from) / step)
    if (bar >= 0 && bar < BARS) counts[bar] = (counts[bar] ?? 0) + 1
  }
  const most = Math.max(1, ...counts)
  const bars = counts.flatMap((count, index) => {
    if (count === 0) return []
    const height = Math.max(2, (count / most) * STRIP.height)
    return [
      `M${round(TRACK.from + index * step)} ${round(HEAD + STRIP.height - height)}h${round(step - 1)}v${round(height)}h${round(1 - step)}z`,
    ]
  })
  return [
    text(LEFT, HEAD + STRIP.height - 2, 'tl-soft', ledger.of.slice(0, LABEL_LONGEST)),
    `<path class="tl-bar" d="${bars.join('')}"/>`,
    `<path class="tl-grid" d="M${TRACK.from} ${HEAD + STRIP.height + 0.5}H${TRACK.to}"/>`,
  ]
}
