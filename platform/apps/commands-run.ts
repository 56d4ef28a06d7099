import { appRoutes } from '#contract/apps.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { hasTerminal, joinTerminal, terminalOf } from '#runtime/cli/run-terminal.ts'
import { openSession } from '#runtime/cli/session.ts'

interface Options extends ApiOptions {
  readonly app?: string
  /** False with `--no-tty`. */
  readonly tty: boolean
}

/** `maru run` */
export async function run(context: CliContext, command: readonly string[], options: Options): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const session = await openSession(context, options)
  const tty = options.tty && !session.out.json && hasTerminal(context)
  const stream = await session.api.duplex(appRoutes.run, { params: { app } })
  await joinTerminal(session, stream, { command: [...command], ...terminalOf(context, tty) })
}
