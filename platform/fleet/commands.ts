import type { Command } from 'commander'
import { addApiCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about the hosts of an installation to their group. */
export function registerFleetCommands(group: Command, context: CliContext): void {
  const load = () => import('./commands-hosts.ts')
  addApiCommand(group, 'list', {
    summary: 'List the hosts of the installation',
    examples: ['maru host', 'maru host list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).list(context, options))
  addApiCommand(group, 'add', {
    summary: 'Print the command with which a new machine joins; it works once, within ten minutes',
    examples: ['maru host add berlin-2', 'maru host add frankfurt-1 --data-centre frankfurt'],
  })
    .argument('<name>', 'what the new host is called')
    .option('--data-centre <name>', "its data centre (default: the first host's)")
    .option('--witness', 'it has a voice in the quorum and runs no apps')
    .action(async (name, options) => (await load()).add(context, name, options))
  addApiCommand(group, 'remove', {
    summary: 'Remove a host: it ends what it runs, and its certificate is refused from now on',
    examples: ['maru host remove berlin-2', 'maru host remove berlin-2 --lost'],
  })
    .argument('<name>', 'name of the host')
    .option('--lost', 'it will not come back: remove it although it ran something')
    .action(async (name, options) => (await load()).remove(context, name, options))
}
