import { type Database, dataRoutes } from '#contract/data.ts'
import { parseWith } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { followOperation } from '#runtime/cli/follow-operation.ts'
import { hasTerminal, joinTerminal, terminalOf } from '#runtime/cli/run-terminal.ts'
import { openSession } from '#runtime/cli/session.ts'
import { renderPairs } from '#runtime/cli/table.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'

const paramsOf = (name: string) => ({ params: { app: parseWith(AppName, name, 'APP') } })

function renderStandby(standby: Database['standbys'][number]): readonly [string, string] {
  const lag = standby.lagBytes === null ? 'lag unknown' : `${bytes(standby.lagBytes)} behind`
  return [
    'Standby',
    [standby.member, standby.state, lag, standby.synchronous ? 'synchronous' : 'asynchronous'].join(', '),
  ]
}

function renderDatabase(database: Database, now: Date): string {
  return renderPairs([
    ['Database', database.name],
    ['Role', database.role],
    ['Address', `${database.host}:${database.port} (inside the platform)`],
    ['Version', `PostgreSQL ${database.version}`],
    ['Size', bytes(database.sizeBytes)],
    ['Connections', `${database.connections.now} of ${database.connections.limit}`],
    ['Credentials', `made ${ago(database.rotatedAt, now)}`],
    ['Primary', database.primary],
    ...database.standbys.map(renderStandby),
  ])
}

/** `maru db info APP` */
export async function info(context: CliContext, name: string, options: ApiOptions): Promise<void> {
  const request = paramsOf(name)
  const { api, out } = await openSession(context, options)
  const database = await api.call(dataRoutes.info, request)
  out.result(database, () => renderDatabase(database, context.now()))
}

/** `maru db url APP` */
export async function url(context: CliContext, name: string, options: ApiOptions): Promise<void> {
  const request = paramsOf(name)
  const { api, out } = await openSession(context, options)
  const answer = await api.call(dataRoutes.url, request)
  out.result(answer, () => `${answer.url}\n`)
}

/** `maru db psql APP` */
export async function psql(
  context: CliContext,
  name: string,
  args: readonly string[],
  options: ApiOptions,
): Promise<void> {
  const request = paramsOf(name)
  const session = await openSession(context, options)
  const tty = !session.out.json && hasTerminal(context)
  const stream = await session.api.duplex(dataRoutes.psql, request)
  await joinTerminal(session, stream, { command: ['psql', ...args], ...terminalOf(context, tty) })
}

/** `maru db rotate APP` */
export async function rotate(context: CliContext, name: string, options: ApiOptions): Promise<void> {
  const request = paramsOf(name)
  const session = await openSession(context, options)
  await followOperation(session, await session.api.call(dataRoutes.rotate, request))
}
