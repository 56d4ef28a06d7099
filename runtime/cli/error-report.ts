import { CommanderError } from 'commander'
import type { ErrorBody } from '#contract/errors.ts'
import { safeText } from '#runtime/kit/safe-text.ts'
import { makePaint } from './colour.ts'
import type { CliContext } from './context.ts'

/** An error ready to be shown, and the exit code that goes with it. */
export interface ErrorReport {
  readonly exit: number
  readonly body: ErrorBody
}

function usageReport(error: CommanderError, command: string): ErrorReport {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  const hint = `Run \`${command} --help\` for what it takes. Nothing was changed.`
  return { exit: 2, body: { error: { code: 'invalid', message, hint, params: {} } } }
}

/** Makes a report of whatever a command threw. Help that was asked for is no error: undefined. */
export async function reportOf(error: unknown, command: string): Promise<ErrorReport | undefined> {
  if (error instanceof CommanderError)
    return error.exitCode === 0 || error.code === 'commander.help' ? undefined : usageReport(error, command)
  const { MaruError } = await import('#contract/errors.ts')
  if (error instanceof MaruError) return { exit: error.exit, body: error.toBody() }
  const reason = error instanceof Error ? error.message : String(error)
  const wrapped = new MaruError('cli.failed', { reason }, { cause: error })
  return { exit: wrapped.exit, body: wrapped.toBody() }
}

function causesOf(error: unknown): string[] {
  const lines: string[] = []
  for (let at = error; at instanceof Error && lines.length < 8; at = at.cause)
    lines.push(at.stack ?? at.message)
  return lines
}

/** Shows an error: what, why and next for people, the wire form for scripts. MARU_DEBUG=1 adds the chain of causes. */
export function showError(
  report: ErrorReport,
  error: unknown,
  context: Pick<CliContext, 'stderr' | 'env'>,
  json: boolean,
): void {
  const { stderr, env } = context
  const { message, hint } = report.body.error
  const paint = makePaint(stderr, env)
  if (json) stderr.write(`${JSON.stringify(report.body)}\n`)
  else
    stderr.write(
      `${paint('red', 'Error:')} ${safeText(message)}\n${paint('dim', 'Next:')}  ${safeText(hint)}\n`,
    )
  if (env.MARU_DEBUG) stderr.write(`${causesOf(error).join('\ncaused by ')}\n`)
}
