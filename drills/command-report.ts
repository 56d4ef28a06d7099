import { type DrillLedger, type DrillResult, describeLedger } from '#contract/drill-result.ts'
import { type DrillEntry, type DrillRun, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { Client } from '#runtime/cli/client.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { openSession } from '#runtime/cli/session.ts'
import { renderPairs } from '#runtime/cli/table.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { safeText } from '#runtime/kit/safe-text.ts'
import { isLabHome, openLabGround } from './hosts/lab-ground.ts'
import { renderLedger } from './ledger-table.ts'
import { renderFindings } from './render-result.ts'

/** A drill with its last result, whole; null where it never ran. */
interface Reported extends Omit<DrillEntry, 'last'> {
  readonly run: DrillRun['id'] | null
  /** With its ledger only where that was asked for. */
  readonly result: DrillResult | null
}

export interface ReportOptions extends ApiOptions {
  readonly ledger?: boolean
}

/** `maru drill report [NAME]` */
export async function report(
  context: CliContext,
  name: string | undefined,
  options: ReportOptions,
): Promise<void> {
  const out = makeOutput(context, options)
  const ask = await openAsker(context, options)
  const { at, drills } = await ask((client) => client.call(drillRoutes.list, {}))
  const chosen = drills.filter((drill) => name === undefined || drill.name === name)
  if (chosen.length === 0) throw new MaruError('drills.unknown', { drill: name ?? '' })
  const reported: Reported[] = []
  for (const { last, ...about } of chosen) {
    const run = last?.id ?? null
    const answer =
      run === null ? undefined : await ask((client) => client.call(drillRoutes.run, { params: { run } }))
    reported.push({ ...about, run, result: answer ? asAsked(answer.result, options) : null })
  }
  out.result({ at, drills: reported }, () =>
    reported.map((one) => renderReported(out, one, new Date(at), name !== undefined)).join('\n'),
  )
}

type Ask = <T>(what: (client: Client) => Promise<T>) => Promise<T>

/** Who is asked: the platform in a lab where the folder is that of one, else as every command does. */
async function openAsker(context: CliContext, options: ApiOptions): Promise<Ask> {
  const home = options.home ?? context.env.MARU_HOME
  if (home === undefined || options.remote || !(await isLabHome(home))) {
    const { api } = await openSession(context, options)
    return (what) => what(api)
  }
  if (context.uid !== 0) throw new MaruError('hosts.not_root', { command: 'Reaching the hosts of a lab' })
  return (await openLabGround(home, context.env)).ask
}

/** A ledger is thousands of numbers that no report is read for. */
function asAsked({ ledger, ...result }: DrillResult, options: ReportOptions): DrillResult {
  return options.ledger === true && ledger !== undefined ? { ...result, ledger } : result
}

function renderReported(out: Output, drill: Reported, now: Date, isAlone: boolean): string {
  const { name, promises, result } = drill
  const head = out.paint('bold', `${name} (${promises.join(', ')})`)
  if (result === null)
    return `${head}: never run here\n${isAlone ? `\nRun it${drill.needs === 'hosts' ? ', outside of the lab’s hosts' : ''}: maru drill run ${name}\n` : ''}`
  const state = result.passed ? out.paint('green', 'passed') : out.paint('red', 'not passed')
  const more = isAlone ? `\n${renderAbout(drill, result)}` : ''
  const what = `${state} ${ago(result.finishedAt, now)}${isOld(drill, now) ? ', too old to prove anything' : ''}`
  const noted = result.ledger === undefined ? '' : `\n${renderNoted(result.ledger)}`
  return `${head}: ${what}\n${safeText(result.result)}\n\n${renderFindings(out, result)}${more}${noted}`
}

const renderNoted = (ledger: DrillLedger) =>
  `Ledger: ${describeLedger(ledger)}\n${safeText(renderLedger(ledger).replaceAll('\r\n', '\n'))}`

const isOld = ({ validUntil }: Reported, now: Date) =>
  validUntil !== null && Date.parse(validUntil) < now.getTime()

function renderAbout({ validUntil }: Reported, result: DrillResult): string {
  const tookMs = Date.parse(result.finishedAt) - Date.parse(result.startedAt)
  return renderPairs([
    ['Set-up', result.setUp],
    ['Fault', result.fault],
    ['Where', result.place],
    ['Took', elapsed(tookMs)],
    ['Counts until', validUntil ?? '-'],
    ...(result.figures ?? []).map(({ name, value, unit }) => [name, `${value} ${unit}`] as const),
    ...(result.versions ?? []).map(({ name, version }) => [name, version] as const),
  ])
}
