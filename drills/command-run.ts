import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import { DOCKER_SOCKET, requireInstallation } from '#platform/hosts/index.ts'
import { type ApiOptions, type CliContext, homeOf } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import { carryOut, type Ground, isLab, recordResult } from './carry-out.ts'
import type { Drill } from './drill.ts'
import { DRILLS, findDrill } from './register.ts'
import { renderResult } from './render-result.ts'
import { renderTimeLine } from './time-line.ts'

export interface RunOptions extends ApiOptions {
  readonly all?: boolean
  readonly output?: string
  readonly iUnderstandThisIsProduction?: boolean
}

/** How one of several drills ended; `error` where it was not carried out. */
interface Ending {
  readonly drill: string
  readonly result: DrillResult | null
  readonly error: ReturnType<MaruError['toBody']>['error'] | null
}

/** `maru drill list` */
export async function listDrills(context: CliContext, options: Pick<ApiOptions, 'json'>): Promise<void> {
  const output = makeOutput(context, options)
  const drills = DRILLS.map(({ begin: _, ...described }) => described)
  const columns = [{ title: 'DRILL' }, { title: 'PROMISES' }, { title: 'WHERE' }, { title: 'WHAT IT DOES' }]
  output.result(drills, () =>
    output.table(
      columns,
      drills.map(({ name, promises, harmless, summary }) => [
        name,
        promises.join(', '),
        harmless ? 'anywhere' : 'lab only',
        summary,
      ]),
    ),
  )
}

/** `maru drill run NAME`, `maru drill run --all` */
export async function runDrills(
  context: CliContext,
  name: string | undefined,
  options: RunOptions,
): Promise<void> {
  if ((name === undefined) === (options.all !== true))
    throw new MaruError('invalid', { field: 'name', reason: 'give the name of one drill, or --all' })
  const drill = name === undefined ? undefined : findDrill(name)
  if (context.uid !== 0) throw new MaruError('hosts.not_root', { command: '`maru drill run`' })
  const output = makeOutput(context, options)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  context.signals.once('SIGINT', stop)
  const ground: Ground = {
    home: homeOf(context, options),
    dockerSocket: DOCKER_SOCKET,
    understands: options.iUnderstandThisIsProduction === true,
    progress: output.progress,
    signal: stopping.signal,
    now: context.now,
  }
  const folder = options.output === undefined ? undefined : resolve(context.cwd, options.output)
  try {
    if (drill === undefined) await runAll(context, output, ground, folder)
    else await runOne(context, output, ground, drill, folder)
  } finally {
    context.signals.off('SIGINT', stop)
  }
}

async function runOne(
  context: CliContext,
  output: Output,
  ground: Ground,
  drill: Drill,
  folder: string | undefined,
): Promise<void> {
  const result = await perform(output, ground, drill)
  output.result(result, () => renderResult(output, result))
  if (!result.passed) context.setExit(1)
  await keep(output, ground, result, folder)
}

/** Every drill that may run here, one after the other; what fails does not keep the others from being carried out. */
async function runAll(
  context: CliContext,
  output: Output,
  ground: Ground,
  folder: string | undefined,
): Promise<void> {
  await requireInstallation(ground.home)
  const inLab = await isLab(ground.home)
  const drills = DRILLS.filter(({ harmless }) => inLab || (harmless && ground.understands))
  if (drills.length === 0) throw new MaruError('drills.none_here', { home: ground.home })
  const endings: Ending[] = []
  for (const drill of drills) {
    if (ground.signal.aborted) break
    endings.push(await endingOf(output, ground, drill, folder))
  }
  const notRun = DRILLS.filter(({ name }) => !endings.some((one) => one.drill === name)).map(
    ({ name }) => name,
  )
  const isBad = ({ result }: Ending) => result?.passed !== true
  output.result({ endings, notRun }, () => renderEndings(output, endings, notRun))
  if (endings.some(isBad) || ground.signal.aborted) context.setExit(1)
}

async function endingOf(
  output: Output,
  ground: Ground,
  drill: Drill,
  folder: string | undefined,
): Promise<Ending> {
  try {
    const result = await perform(output, ground, drill)
    await keep(output, ground, result, folder)
    return { drill: drill.name, result, error: null }
  } catch (error) {
    if (!(error instanceof MaruError)) throw error
    output.note(`${error.message} ${error.hint}`)
    return { drill: drill.name, result: null, error: error.toBody().error }
  }
}

async function perform(output: Output, ground: Ground, drill: Drill): Promise<DrillResult> {
  output.note(`${drill.name}: ${drill.summary} (about ${drill.expectedS} s)`)
  return await carryOut(drill, ground)
}

/** Writes the result where it was asked for, and hands it in. */
async function keep(
  output: Output,
  ground: Ground,
  result: DrillResult,
  folder: string | undefined,
): Promise<void> {
  if (folder !== undefined) await writeResult(output, folder, result)
  await recordResult(ground.home, result)
  output.note(`Recorded as evidence for ${result.promises.join(', ')}: \`maru trust\` shows it.`)
}

async function writeResult(output: Output, folder: string, result: DrillResult): Promise<void> {
  await mkdir(folder, { recursive: true })
  const base = join(folder, `${result.drill}-${result.startedAt.replaceAll(/[:.]/g, '-')}`)
  await writeFileAtomic(`${base}.json`, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o644 })
  const picture = renderTimeLine(result)
  if (picture !== undefined) await writeFileAtomic(`${base}.svg`, picture, { mode: 0o644 })
  output.note(`Written: ${base}.json${picture === undefined ? '' : ` and ${base}.svg`}`)
}

function renderEndings(output: Output, endings: readonly Ending[], notRun: readonly string[]): string {
  const rows = endings.map(({ drill, result, error }) => [
    drill,
    result === null ? 'not carried out' : result.passed ? 'passed' : 'not passed',
    result?.result ?? error?.message ?? '',
  ])
  const passed = endings.filter(({ result }) => result?.passed === true).length
  const rest = notRun.length === 0 ? '' : ` Not run here: ${notRun.join(', ')}.`
  const columns = [{ title: 'DRILL' }, { title: 'RESULT' }, { title: 'WHAT HAPPENED' }]
  return `${output.table(columns, rows)}\n${passed} of ${endings.length} drills passed.${rest}\n`
}
