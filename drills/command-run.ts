import { resolve } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import { DOCKER_SOCKET, requireInstallation } from '#platform/hosts/index.ts'
import { type ApiOptions, type CliContext, homeOf } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { carryOut, type Ground, isLab } from './carry-out.ts'
import type { Drill } from './drill.ts'
import { keepResult } from './keep-result.ts'
import { DRILLS, findDrill } from './register.ts'
import { renderResult } from './render-result.ts'
import { type Ending, isBad, runInTurn } from './run-in-turn.ts'

export interface RunOptions extends ApiOptions {
  readonly all?: boolean
  readonly output?: string
  readonly iUnderstandThisIsProduction?: boolean
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

/** `maru drill run NAME…`, `maru drill run --all` */
export async function runDrills(
  context: CliContext,
  names: readonly string[],
  options: RunOptions,
): Promise<void> {
  if ((names.length === 0) === (options.all !== true))
    throw new MaruError('invalid', { field: 'name', reason: 'give the names of drills, or --all' })
  const chosen = names.map(findDrill)
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
    const task = { context, output, ground, folder }
    const [drill, ...others] = chosen
    if (drill === undefined) await runAll(task)
    else if (others.length === 0) await runOne(task, drill)
    else await runSeveral(task, chosen)
  } finally {
    context.signals.off('SIGINT', stop)
  }
}

interface Task {
  readonly context: CliContext
  readonly output: Output
  readonly ground: Ground
  readonly folder: string | undefined
}

async function runOne({ context, output, ground, folder }: Task, drill: Drill): Promise<void> {
  const result = await perform(output, ground, drill)
  output.result(result, () => renderResult(output, result))
  if (!result.passed) context.setExit(1)
  await keepResult(output, ground, result, folder)
}

/** Every drill that may run here, one after the other. */
async function runAll(task: Task): Promise<void> {
  const { ground } = task
  await requireInstallation(ground.home)
  const inLab = await isLab(ground.home)
  const drills = DRILLS.filter(
    ({ harmless, onlyByName }) => onlyByName !== true && (inLab || (harmless && ground.understands)),
  )
  if (drills.length === 0) throw new MaruError('drills.none_here', { home: ground.home })
  await runSeveral(task, drills)
}

/** These drills one after the other, whatever becomes of each. */
async function runSeveral(
  { context, output, ground, folder }: Task,
  drills: readonly Drill[],
): Promise<void> {
  const endings = await runInTurn(
    drills,
    async (drill) => {
      const result = await perform(output, ground, drill)
      await keepResult(output, ground, result, folder)
      return result
    },
    ground.signal,
  )
  const notRun = DRILLS.filter(({ name }) => !endings.some((one) => one.drill === name)).map(
    ({ name }) => name,
  )
  output.result({ endings, notRun }, () => renderEndings(output, endings, notRun))
  if (endings.some(isBad) || ground.signal.aborted) context.setExit(1)
}

async function perform(output: Output, ground: Ground, drill: Drill): Promise<DrillResult> {
  output.note(`${drill.name}: ${drill.summary} (about ${drill.expectedS} s)`)
  return await carryOut(drill, ground)
}

function renderEndings(output: Output, endings: readonly Ending[], notRun: readonly string[]): string {
  const rows = endings.map((one) => [
    one.drill,
    one.result === null ? 'not carried out' : isBad(one) ? 'not passed' : 'passed',
    one.result?.result ?? `${one.error?.message} ${one.error?.hint}`,
  ])
  const passed = endings.filter((one) => !isBad(one)).length
  const rest = notRun.length === 0 ? '' : ` Not run: ${notRun.join(', ')}.`
  const columns = [{ title: 'DRILL' }, { title: 'RESULT' }, { title: 'WHAT HAPPENED' }]
  return `${output.table(columns, rows)}\n${passed} of ${endings.length} drills passed.${rest}\n`
}
