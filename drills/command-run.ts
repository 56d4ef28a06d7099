import { resolve } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import type { Ground } from './carry-out.ts'
import type { AnyDrill } from './drill.ts'
import { type Field, openField } from './field.ts'
import { homeForDrills } from './home-for-drills.ts'
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
      drills.map(({ name, promises, summary, ...drill }) => [
        name,
        promises.join(', '),
        whereOf(drill),
        summary,
      ]),
    ),
  )
}

const whereOf = ({ needs, harmless }: Pick<AnyDrill, 'needs' | 'harmless'>) =>
  needs === 'hosts' ? 'lab of hosts' : harmless ? 'anywhere' : 'lab only'

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
    home: homeForDrills(context, options, chosen),
    dockerSocket: DOCKER_SOCKET,
    understands: options.iUnderstandThisIsProduction === true,
    progress: output.progress,
    signal: stopping.signal,
    now: context.now,
  }
  const folder = options.output === undefined ? undefined : resolve(context.cwd, options.output)
  const field = await openField(ground, context.env)
  try {
    const task = { context, output, ground, field, folder }
    const [drill, ...others] = chosen
    if (drill === undefined) await runAll(task)
    else if (others.length === 0) await runOne(task, drill)
    else await runSeveral(task, chosen)
  } finally {
    await field
      .close()
      .catch((error: Error) => output.note(`Not everything was cleaned up: ${error.message}.`))
    context.signals.off('SIGINT', stop)
  }
}

interface Task {
  readonly context: CliContext
  readonly output: Output
  readonly ground: Ground
  readonly field: Field
  readonly folder: string | undefined
}

async function runOne({ context, output, field, folder }: Task, drill: AnyDrill): Promise<void> {
  const result = await perform(output, field, drill)
  output.result(result, () => renderResult(output, result))
  if (!result.passed) context.setExit(1)
  await keepResult(output, field, result, folder)
}

/** Every drill that may run here, one after the other. */
async function runAll(task: Task): Promise<void> {
  const { ground, field } = task
  const drills = await field.fitting()
  if (drills.length === 0) throw new MaruError('drills.none_here', { home: ground.home })
  await runSeveral(task, drills)
}

/** These drills one after the other, whatever becomes of each. */
async function runSeveral(
  { context, output, ground, field, folder }: Task,
  drills: readonly AnyDrill[],
): Promise<void> {
  const endings = await runInTurn(
    drills,
    {
      perform: (drill) => perform(output, field, drill),
      keep: (result) => keepResult(output, field, result, folder),
    },
    ground.signal,
  )
  const notRun = DRILLS.filter(({ name }) => !endings.some((one) => one.drill === name)).map(
    ({ name }) => name,
  )
  output.result({ endings, notRun }, () => renderEndings(output, endings, notRun))
  if (endings.some(isBad) || ground.signal.aborted) context.setExit(1)
}

async function perform(output: Output, field: Field, drill: AnyDrill): Promise<DrillResult> {
  output.note(`${drill.name}: ${drill.summary} (about ${drill.expectedS} s)`)
  return await field.carryOut(drill)
}

function outcomeOf({ result, error }: Ending): string {
  if (result === null) return 'not carried out'
  return `${result.passed ? 'passed' : 'not passed'}${error === null ? '' : ', not recorded'}`
}

function whatHappened({ result, error }: Ending): string {
  const trouble = error === null ? [] : [error.message, error.hint]
  return [...(result === null ? [] : [result.result]), ...trouble].join(' ')
}

function renderEndings(output: Output, endings: readonly Ending[], notRun: readonly string[]): string {
  const rows = endings.map((one) => [one.drill, outcomeOf(one), whatHappened(one)])
  const passed = endings.filter((one) => !isBad(one)).length
  const rest = notRun.length === 0 ? '' : ` Not run: ${notRun.join(', ')}.`
  const columns = [{ title: 'DRILL' }, { title: 'RESULT' }, { title: 'WHAT HAPPENED' }]
  return `${output.table(columns, rows)}\n${passed} of ${endings.length} drills passed.${rest}\n`
}
