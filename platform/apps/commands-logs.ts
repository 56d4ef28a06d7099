import { setTimeout as delay } from 'node:timers/promises'
import { appRoutes, type LogLine } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { AppName } from '#contract/ids.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession, type Session } from '#runtime/cli/session.ts'
import { safeText } from '#runtime/kit/safe-text.ts'

interface Options extends ApiOptions {
  readonly app?: string
  readonly follow?: boolean
  readonly tail: string
  readonly process?: string
  readonly raw?: boolean
}

const RECONNECT_MS = 1000

function showLine({ out }: Session, line: LogLine, raw: boolean): void {
  const text = raw ? line.line : safeText(line.line)
  const time = out.paint('dim', `${line.at.slice(0, 19)}Z`)
  out.item(line, () => `${time} ${out.paint('cyan', safeText(line.instance))} ${text}\n`)
}

/** Remembers how far each instance was read, so that a stream that begins again repeats nothing. */
function makeSeen(): (line: LogLine) => boolean {
  const last = new Map<string, string>()
  return (line) => {
    if ((last.get(line.instance) ?? '') > line.at) return true
    last.set(line.instance, line.at)
    return false
  }
}

async function stream(session: Session, app: AppName, options: Options): Promise<void> {
  const seen = makeSeen()
  const query = {
    tail: options.tail,
    follow: options.follow ? 'true' : 'false',
    ...(options.process === undefined ? {} : { process: options.process }),
  }
  let isEmpty = true
  for (;;) {
    try {
      for await (const line of session.api.lines(appRoutes.logs, { params: { app }, query })) {
        isEmpty = false
        if (!seen(line)) showLine(session, line, options.raw === true)
      }
    } catch (error) {
      if (!options.follow || !(error instanceof MaruError) || error.code !== 'unreachable') throw error
    }
    if (!options.follow) break
    // Only a lost connection or a restarted control plane ends a followed log.
    await delay(RECONNECT_MS)
  }
  if (isEmpty) session.out.note(nothingFrom(app, options.process))
}

function nothingFrom(app: AppName, process: string | undefined): string {
  const who = process === undefined ? app : `process type ${process} of ${app}`
  return `Nothing printed by ${who}. \`maru ps --app ${app}\` shows what runs.`
}

/** `maru logs` */
export async function logs(context: CliContext, options: Options): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  await stream(await openSession(context, options), app, options)
}
