import type { Command } from 'commander'
import { textOf } from '#runtime/cli/command.ts'
import { document, table } from './reference.ts'

/** Commands that do something, with the words that lead to them. */
function leaves(command: Command, path: readonly string[]): Array<{ command: Command; words: string }> {
  const here = [...path, command.name()]
  if (command.commands.length === 0) return [{ command, words: here.join(' ') }]
  return command.commands.filter((child) => child.name() !== 'help').flatMap((child) => leaves(child, here))
}

const defaultText = (value: unknown) => (typeof value === 'string' ? ` (default: ${value})` : '')

/** Commands of one group of `maru --help`, under its name. */
function groupText(title: string, commands: readonly Command[], program: Command): string[] {
  return [
    `## ${title.replace(/:$/, '')}`,
    ...commands.flatMap((command) => leaves(command, [program.name()])).map(commandText),
  ]
}

function commandText({ command, words }: { command: Command; words: string }): string {
  const argumentRows = command.registeredArguments.map((argument) => [
    `\`${argument.name().toUpperCase()}\``,
    argument.description,
  ])
  const optionRows = command.options
    .filter((option) => !option.hidden)
    .map((option) => [`\`${option.flags}\``, `${option.description}${defaultText(option.defaultValue)}`])
  const rows = [...argumentRows, ...optionRows]
  const examples = textOf(command)?.examples ?? []
  return [
    `### \`${words}\``,
    command.description(),
    `\`${words} ${command.usage()}\``.replace(' [options]`', '`'),
    rows.length === 0 ? '' : table(['argument or option', 'meaning'], rows),
    examples.length === 0 ? '' : `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** Every command, made from the program that people run. */
export function renderCli(program: Command): string {
  const groups = [...Map.groupBy(program.commands, (command) => command.helpGroup() ?? '')]
  return document(
    'Commands',
    'Every command has `--help` with an example, and `--json`. Exit codes: 0 done, 1 failed, 2 invalid input, 3 refused, 4 unreachable.',
    'What `--home`, `--remote` and the shell’s variables mean together: root on the host reaches its own platform without a login; `MARU_URL` and `MARU_TOKEN` lead a script to any platform; else the saved login counts. All [variables](environment.md).',
    ...groups.flatMap(([title, commands]) => groupText(title, commands, program)),
  )
}
