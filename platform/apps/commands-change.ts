import { appRoutes } from '#contract/apps.ts'
import { parseWith } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import { parseRelease, parseScale } from '#runtime/cli/assignments.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { followOperation } from '#runtime/cli/follow-operation.ts'
import { confirmName } from '#runtime/cli/prompt.ts'
import { openSession } from '#runtime/cli/session.ts'

type AppOptions = ApiOptions & { readonly app?: string }

/** `maru rollback` */
export async function rollback(
  context: CliContext,
  release: string | undefined,
  options: AppOptions,
): Promise<void> {
  const body = { release: release === undefined ? null : parseRelease(release) }
  const app = await chooseApp(options.app, context.cwd)
  const session = await openSession(context, options)
  await followOperation(session, await session.api.call(appRoutes.rollback, { params: { app }, body }))
}

/** `maru scale` */
export async function scale(
  context: CliContext,
  counts: readonly string[],
  options: AppOptions,
): Promise<void> {
  const body = { processes: parseScale(counts) }
  const app = await chooseApp(options.app, context.cwd)
  const session = await openSession(context, options)
  await followOperation(session, await session.api.call(appRoutes.scale, { params: { app }, body }))
}

/** `maru restart` */
export async function restart(context: CliContext, options: AppOptions): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const session = await openSession(context, options)
  await followOperation(session, await session.api.call(appRoutes.restart, { params: { app } }))
}

/** `maru destroy APP` */
export async function destroy(
  context: CliContext,
  name: string,
  options: ApiOptions & { readonly confirm?: string },
): Promise<void> {
  const app = parseWith(AppName, name, 'APP')
  const session = await openSession(context, options)
  // Asked before the question, so that a name that doesn't exist is told at once.
  await session.api.call(appRoutes.get, { params: { app } })
  const what = `This destroys ${app}, its database and everything it stored. It cannot be undone.`
  await confirmName(context, { name: app, what, given: options.confirm })
  await followOperation(session, await session.api.call(appRoutes.destroy, { params: { app } }))
}
