import { appRoutes } from '#contract/apps.ts'
import { parseWith } from '#contract/errors.ts'
import { OperationId } from '#contract/ids.ts'
import { type Operation, operationRoutes } from '#contract/operations.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
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
