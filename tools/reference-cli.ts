import type { Command } from 'commander'
import { document, table } from './reference.ts'

/** Commands that do something, with the words that lead to them. */
function leaves(command: Command, path: readonly string[]): Array<{ command: Command; words: string }> {
  const here = [...path, command.name()]
  if (command.commands.length === 0) return [{ command, words: here.join(' ') }]
  return command.commands.filter((child) => child.name() !== 'help').flatMap((child) => leaves(child, here))
}

function commandText({ command, words }: { command: Command; words: string }): string {
  const argumentRows = command.registeredArguments.map((argument) => [
    `\`${argument.name().toUpperCase()}\``,
    argument.description,
  ])
  const optionRows = command.options
    .filter((option) => !option.hidden)
    .map((option) => [`\`${option.flags}\``, option.description])
  const rows = [...argumentRows, ...optionRows]
  return [
    `## \`${words}\``,
    command.description(),
    `\`${words} ${command.usage()}\``.replace(' [options]`', '`'),
    rows.length === 0 ? '' : table(['argument or option', 'meaning'], rows),
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** Every command, made from the program that people run. */
export function renderCli(program: Command): string {
  return document(
    'Commands',
    'Every command has `--help` with an example, and `--json`. Exit codes: 0 done, 1 failed, 2 invalid input, 3 refused, 4 unreachable.',
    ...leaves(program, []).map(commandText),
  )
}
