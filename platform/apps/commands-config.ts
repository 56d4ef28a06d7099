import { text } from 'node:stream/consumers'
import { appRoutes } from '#contract/apps.ts'
import { parseWith } from '#contract/errors.ts'
import { ConfigName } from '#contract/ids.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import { parseConfig } from '#runtime/cli/assignments.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { followOperation } from '#runtime/cli/follow-operation.ts'
import { openSession } from '#runtime/cli/session.ts'
import { renderPairs } from '#runtime/cli/table.ts'
import { counted } from '#runtime/kit/human-units.ts'

type AppOptions = ApiOptions & { readonly app?: string }

/** `maru config list` */
export async function list(context: CliContext, options: AppOptions & { show?: boolean }): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const { api, out } = await openSession(context, options)
  const none = `${app} has no configuration. \`maru config set NAME=VALUE\` sets some.\n`
  if (options.show) {
    const answer = await api.call(appRoutes.configValues, { params: { app } })
    const pairs = Object.entries(answer.values)
    return out.result(answer, () => (pairs.length === 0 ? none : renderPairs(pairs)))
  }
  const answer = await api.call(appRoutes.configNames, { params: { app } })
  const hidden = answer.names.map((name) => [name, '(hidden; --show shows it)'] as const)
  out.result(answer, () => (hidden.length === 0 ? none : renderPairs(hidden)))
}

async function change(
  context: CliContext,
  values: Readonly<Record<string, string | null>>,
  options: AppOptions,
): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const session = await openSession(context, options)
  const answer = await session.api.call(appRoutes.configChange, { params: { app }, body: { values } })
  if (answer.operation !== null) return followOperation(session, answer.operation)
  const stored = `Stored ${counted(Object.keys(values).length, 'change')}; the first deploy of ${app} uses it.\n`
  session.out.result(answer, () =>
    answer.changed ? stored : `Nothing to change: ${app} is like that already.\n`,
  )
}

/** `maru config set` */
export async function set(
  context: CliContext,
  inputs: readonly string[],
  options: AppOptions,
): Promise<void> {
  await change(context, await parseConfig(inputs, () => text(context.stdin)), options)
}

/** `maru config unset` */
export async function unset(
  context: CliContext,
  names: readonly string[],
  options: AppOptions,
): Promise<void> {
  const values = Object.fromEntries(names.map((name) => [parseWith(ConfigName, name, 'NAME'), null]))
  await change(context, values, options)
}
