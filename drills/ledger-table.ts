import type { DrillLedger } from '#contract/drill-result.ts'
import { timesOfSeries } from './ledger-samples.ts'

/** One thing that was asked for; what a run of a version before did not note is missing. */
interface Row {
  readonly askedS: number | undefined
  readonly endedS: number
  readonly asker: string
  readonly outcome: string
  readonly server: string
}

const HEAD = 'asked_s,ended_s,asker,outcome,server'

/** A ledger as comma-separated values, one line for each thing that was asked for, in the order of their ends. Pure. */
export function renderLedger(ledger: DrillLedger): string {
  const rows = [...acknowledged(ledger), ...failed(ledger), ...lost(ledger)]
  const lines = rows.sort((one, other) => one.endedS - other.endedS).map(lineOf)
  return `${[HEAD, ...lines].join('\r\n')}\r\n`
}

const acknowledged = ({ series, askers = [] }: DrillLedger): Row[] =>
  series.flatMap((one) =>
    timesOfSeries(one).map((endedS, at) => {
      const tookMs = one.tookMs?.[at]
      return {
        askedS: tookMs === undefined ? undefined : endedS - tookMs / 1000,
        endedS,
        asker: askers[one.askers?.[at] ?? Number.NaN] ?? '',
        outcome: 'acknowledged',
        server: one.name,
      }
    }),
  )

const failed = ({ failed: found, askers = [] }: DrillLedger): Row[] =>
  (found?.entries ?? []).map(({ asker, askedS, endedS, outcome }) => ({
    askedS,
    endedS,
    asker: askers[asker] ?? '',
    outcome: `failed: ${outcome}`,
    server: '',
  }))

/** It stands in the ledger as acknowledged, too. */
const lost = (ledger: DrillLedger): Row[] =>
  ledger.lost.map(({ n, atS }) => ({
    askedS: undefined,
    endedS: atS,
    asker: '',
    outcome: `acknowledged and lost: number ${n}`,
    server: '',
  }))

const lineOf = ({ askedS, endedS, asker, outcome, server }: Row) =>
  [askedS?.toFixed(3) ?? '', endedS.toFixed(3), asker, outcome, server].map(cell).join(',')

const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
