import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { reportOf, showError } from './error-report.ts'
import { buildProgram } from './program.ts'

/** Whether the answer, an error too, is for a script; what follows `--` is not for us. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}

/** Words of the command that was meant: `maru config set`. */
function commandOf(args: readonly string[], program: Command): string[] {
  const words: string[] = []
  let at: Command | undefined = program
  for (const word of args) {
    at = at.commands.find((command) => command.name() === word)
    if (at === undefined) break
    words.push(word)
  }
  return words
}

/** `maru --json apps` means `maru apps --json`. */
function normalize(args: readonly string[], program: Command): string[] {
  const rest = args.slice(args.findIndex((arg) => arg !== '--json'))
  if (rest.length === args.length || rest.length === 0) return [...args]
  const words = commandOf(rest, program)
  return [...words, '--json', ...rest.slice(words.length)]
}

/** Runs one command line; whatever goes wrong is shown here and nowhere else, and sets the exit code. */
export async function runProgram(given: readonly string[], context: CliContext): Promise<void> {
  const program = buildProgram(context)
  const args = normalize(given.length === 0 ? ['--help'] : given, program)
  // `maru logs | head`: who reads us may leave early, which is no failure.
  context.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    const report = await reportOf(error, ['maru', ...commandOf(args, program)].join(' '))
    if (report === undefined) return
    showError(report, error, context, wantsJson(args))
    context.setExit(report.exit)
  }
}
