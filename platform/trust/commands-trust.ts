import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseWith } from '#contract/errors.ts'
import {
  type Evidence,
  OscalDocument,
  PromiseId,
  type PromiseStatus,
  type TrustReport,
  trustRoutes,
} from '#contract/trust.ts'
import type { Paint } from '#runtime/cli/colour.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { renderPairs } from '#runtime/cli/table.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { safeText } from '#runtime/kit/safe-text.ts'

const STATE = { kept: 'kept', 'not-yet': 'not yet' } as const

/** `maru trust [ID]` */
export async function show(
  context: CliContext,
  name: string | undefined,
  options: ApiOptions,
): Promise<void> {
  const id = name === undefined ? undefined : parseWith(PromiseId, name.toUpperCase(), 'ID')
  const { api, out } = await openSession(context, options)
  const report = await api.call(trustRoutes.report, {})
  const one = report.promises.find((promise) => promise.id === id)
  if (one === undefined) out.result(report, () => renderReport(report, out.table))
  else out.result(one, () => renderOne(one, new Date(report.at), out.paint))
}

type Table = Awaited<ReturnType<typeof openSession>>['out']['table']

function renderReport(report: TrustReport, table: Table): string {
  const columns = ['PROMISE', 'STATE', 'WORDING', 'EVIDENCE'].map((title) => ({ title }))
  const rows = report.promises.map((promise) => [
    promise.id,
    STATE[promise.state],
    promise.wording,
    newest(promise, new Date(report.at)),
  ])
  return `${table(columns, rows)}\n${report.kept} of ${report.promises.length} promises are kept. \`maru trust ID\` shows one, with its evidence or the reason.\n`
}

function newest({ evidence }: PromiseStatus, now: Date): string {
  const last = evidence
    .map(({ at }) => at)
    .sort()
    .at(-1)
  return last === undefined ? '-' : ago(last, now)
}

function renderOne(promise: PromiseStatus, now: Date, paint: Paint): string {
  const state = paint(promise.state === 'kept' ? 'green' : 'yellow', STATE[promise.state])
  const about = renderPairs([
    ['Layer', promise.layer],
    ['Real', promise.meaning],
    ['Proof', promise.proof],
    ['Owner', promise.owner],
    ['ISO/IEC 27001', promise.iso27001.join(', ')],
    ['ISMS-P', promise.ismsP.join(', ')],
    ...(promise.reason === null ? [] : [['Not yet because', promise.reason] as const]),
    ...(promise.note === null ? [] : [['Note', promise.note] as const]),
  ])
  const evidence = promise.evidence.map((one) => `\n${renderEvidence(one, now, paint)}`)
  return `${paint('bold', promise.id)} ${promise.wording}: ${state}\n\n${about}${evidence.join('')}`
}

function renderEvidence(evidence: Evidence, now: Date, paint: Paint): string {
  const result = evidence.passed ? paint('green', 'passed') : paint('red', 'failed')
  const facts = evidence.facts.map(({ name, value }) => [`  ${name}`, value] as const)
  return `${evidence.name} ${result} ${ago(evidence.at, now)}: ${safeText(evidence.summary)}\n${renderPairs(facts)}`
}

/** `maru trust verify` */
export async function verify(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const failed = new Set<string>()
  for await (const evidence of api.lines(trustRoutes.verify, {})) {
    if (!evidence.passed) failed.add(evidence.name)
    const result = evidence.passed ? out.paint('green', 'passed') : out.paint('red', 'failed')
    out.item(
      evidence,
      () =>
        `${evidence.name.padEnd(18)} ${result}  ${safeText(evidence.summary)} (${elapsed(evidence.durationMs)})\n`,
    )
  }
  const { kept, promises } = await api.call(trustRoutes.report, {})
  const broken = promises.filter((promise) => isBroken(promise, failed))
  for (const { id, reason } of broken) out.note(`${id} is not kept: ${safeText(reason ?? '')}`)
  out.note(`${kept} of ${promises.length} promises are kept.`)
  if (broken.length > 0) context.setExit(1)
}

/** A promise that would be kept, had a check not failed just now. One with gaps is not kept anyway. */
const isBroken = ({ gaps, evidence }: PromiseStatus, failed: ReadonlySet<string>) =>
  gaps.length === 0 && evidence.some(({ name, source }) => source === 'check' && failed.has(name))

/** `maru trust export [DIR]` */
export async function writeOscal(context: CliContext, dir: string, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const folder = resolve(context.cwd, dir)
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const document of OscalDocument.options) {
    const content = await api.call(trustRoutes.export, { params: { document } })
    const file = join(folder, `oscal-${document}.json`)
    await writeFileAtomic(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o644 })
    files.push(file)
  }
  out.result({ files }, () => files.map((file) => `${file}\n`).join(''))
}
