import type { Command } from 'commander'

export interface CommandText {
  readonly summary: string
  /** Shown by --help; complete lines that work when typed. */
  readonly examples: readonly [string, ...string[]]
  /** Runs when its group is named alone. */
  readonly isDefault?: boolean
}

const TEXTS = new WeakMap<Command, CommandText>()

/** The text that a command was added with; groups have none. */
export const textOf = (command: Command): CommandText | undefined => TEXTS.get(command)

/** Adds a command with its summary, examples and `--json`, which every command has. */
export function addCommand(parent: Command, usage: string, text: CommandText): Command {
  const examples = text.examples.map((line) => `  $ ${line}\n`).join('')
  const command = parent
    .command(usage, { isDefault: text.isDefault ?? false })
    .description(text.summary)
    .option('--json', 'print JSON for scripts')
    .addHelpText('after', `\nExamples:\n${examples}`.trimEnd())
  TEXTS.set(command, text)
  return command
}

/** Adds a command that talks to the control plane. */
export function addApiCommand(parent: Command, usage: string, text: CommandText): Command {
  return addCommand(parent, usage, text)
    .option('--home <dir>', 'data folder of the installation on this host (MARU_HOME)')
    .option('--remote', 'use the saved login even as root on the host')
}

/** Adds a command about one app. */
export function addAppCommand(parent: Command, usage: string, text: CommandText): Command {
  return addApiCommand(parent, usage, text).option(
    '--app <name>',
    'the app (default: maru.json, package.json or the name of this folder)',
  )
}

/** Adds a command that only holds others; alone it runs its default command, or shows its help. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary).helpCommand(false)
}
