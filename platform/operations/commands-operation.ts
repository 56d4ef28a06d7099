import { appRoutes } from '#contract/apps.ts'
import { type ErrorCode, MaruError, parseWith } from '#contract/errors.ts'
import { type AppName, OperationId } from '#contract/ids.ts'
import { isLastEvent, type Operation, operationRoutes } from '#contract/operations.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import type { Client } from '#runtime/cli/client.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { followOperation } from '#runtime/cli/follow-operation.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago } from '#runtime/kit/human-units.ts'

/** `maru operation ID` */
export async function operation(context: CliContext, id: string, options: ApiOptions): Promise<void> {
  const params = { operation: parseWith(OperationId, id, 'ID') }
  const session = await openSession(context, options)
  await followOperation(session, await session.api.call(operationRoutes.get, { params }))
}

/** `maru cancel`: ends when everything is taken back. */
export async function cancel(
  context: CliContext,
  id: string | undefined,
  options: ApiOptions & { readonly app?: string },
): Promise<void> {
  const given = id === undefined ? undefined : parseWith(OperationId, id, 'ID')
  const app = given === undefined ? await chooseApp(options.app, context.cwd) : undefined
  const { api, out } = await openSession(context, options)
  const operation = given ?? (await underWay(api, app as AppName))
  const asked = await api.call(operationRoutes.cancel, { params: { operation } })
  out.progress.step(`Cancelling the ${asked.kind} ${operation}`)
  for await (const event of api.events(operationRoutes.events, { params: { operation } }, isLastEvent))
    if (isLastEvent(event)) out.progress.end('done')
  const ended = await api.call(operationRoutes.get, { params: { operation } })
  if (ended.error !== null && ended.error.code !== CANCELLED) throw MaruError.fromBody({ error: ended.error })
  out.result(ended, () => `The ${ended.kind} is cancelled; what it did is taken back.\n`)
}

const CANCELLED = 'operations.cancelled' satisfies ErrorCode

async function underWay(api: Client, app: AppName): Promise<OperationId> {
  const { operations } = await api.call(appRoutes.operations, { params: { app } })
  const found = operations.find(({ finishedAt }) => finishedAt === null)
  if (found === undefined) throw new MaruError('operations.none_under_way', { app })
  return found.id
}

/** `maru operations` */
export async function operations(
  context: CliContext,
  options: ApiOptions & { readonly app?: string },
): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const { api, out } = await openSession(context, options)
  const answer = await api.call(appRoutes.operations, { params: { app } })
  const row = (one: Operation) => [
    one.id,
    one.kind,
    one.state,
    one.release === null ? '-' : `v${one.release}`,
    ago(one.createdAt, context.now()),
    one.createdBy,
    one.error?.message ?? '',
  ]
  const columns = ['OPERATION', 'KIND', 'STATE', 'RELEASE', 'STARTED', 'BY', 'ERROR']
  out.result(answer, () =>
    answer.operations.length === 0
      ? `${app} has no operations yet.\n`
      : out.table(
          columns.map((title) => ({ title })),
          answer.operations.map(row),
        ),
  )
}
