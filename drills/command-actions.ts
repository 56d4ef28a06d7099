import { join } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import { HOME } from '#contract/installation.ts'
import { platformRoutes } from '#contract/platform.ts'
import { trustRoutes } from '#contract/trust.ts'
import { DOCKER_SOCKET, requireInstallation } from '#platform/hosts/index.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { type ApiOptions, type CliContext, homeOf } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { checkAllowed } from './permission.ts'
import { DRILLS, findDrill } from './register.ts'
import { type RunOfDrill, runDrill } from './run-drill.ts'
import { renderTimeLineText } from './time-line-text.ts'
import { readVersions } from './versions.ts'

interface Options extends ApiOptions {
  readonly iUnderstandThisIsProduction?: boolean
}

/** No command of a drill takes as long: one that hangs fails the drill instead of holding it for ever. */
const COMMAND_MS = 300_000

const MARU = join(import.meta.dirname, '../maru')

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

/** `maru drill run NAME` */
export async function carryOut(context: CliContext, name: string, options: Options): Promise<void> {
  const drill = findDrill(name)
  if (context.uid !== 0) throw new MaruError('hosts.not_root', { command: '`maru drill run`' })
  const output = makeOutput(context, options)
  const home = homeOf(context, options)
  const installation = await requireInstallation(home)
  const isLab = await exists(join(home, HOME.lab))
  const where = checkAllowed(drill, {
    isLab,
    understands: options.iUnderstandThisIsProduction === true,
    home,
  })
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  context.signals.once('SIGINT', stop)
  const place: RunOfDrill['place'] = {
    installation,
    home,
    docker: makeDocker(DOCKER_SOCKET),
    maru: (args) => runMaru(home, args),
    signal: stopping.signal,
  }
  try {
    output.note(`${drill.name}: ${drill.summary} (about ${drill.expectedS} s)`)
    const versions = async () => readVersions(place, await platformVersion(home))
    const run = { place, where, progress: output.progress, now: context.now, versions }
    const result = await runDrill(drill, run)
    output.result(result, () => renderResult(output, result))
    if (!result.passed) context.setExit(1)
    await record(home, result)
    output.note(`Recorded as evidence for ${result.promises.join(', ')}: \`maru trust\` shows it.`)
  } finally {
    context.signals.off('SIGINT', stop)
  }
}

/** MARU_HOME alone would let a MARU_TOKEN of the shell lead to another platform; psql's own options come after `--`. */
function runMaru(home: string, args: readonly string[]) {
  const end = args.indexOf('--')
  const [own, rest] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end)]
  return run([MARU, ...own, '--home', home, ...rest], { env: { NO_COLOR: '1' }, timeoutMs: COMMAND_MS })
}

function renderResult(output: Output, result: DrillResult): string {
  const columns = [
    { title: 'MEASURE' },
    { title: 'VALUE', align: 'right' },
    { title: 'LIMIT', align: 'right' },
    { title: '' },
  ] as const
  const rows = result.measures.map(({ name, value, unit, limit }) => [
    name,
    `${Number(value.toFixed(2))} ${unit}`,
    `${limit} ${unit}`,
    value <= limit ? 'ok' : 'over',
  ])
  const head = `${result.passed ? 'Passed' : 'Not passed'}: ${result.result}`
  const next = result.passed ? '' : `\nWhat to do: docs/drills/${result.drill}.md\n`
  const picture =
    result.timeLine === undefined ? '' : `\n${renderTimeLineText(result.timeLine, output.columns)}`
  return `${head}\n\n${output.table([...columns], rows)}${picture}${next}`
}

/** The version of the platform that answers; its own installation is asked, whatever the shell's settings are. */
async function platformVersion(home: string): Promise<string | undefined> {
  const client = makeClient({ kind: 'socket', path: rootSocket(home) })
  try {
    return (await client.call(platformRoutes.status, {})).version
  } catch {
    return undefined
  } finally {
    client.close()
  }
}

/** Only root may say what a drill found, so it goes over root's own socket. */
async function record(home: string, result: DrillResult): Promise<void> {
  const client = makeClient({ kind: 'socket', path: rootSocket(home) })
  try {
    await client.call(trustRoutes.recordDrill, { body: result })
  } finally {
    client.close()
  }
}
