import type { Command } from 'commander'
import { addApiCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about what was detected to the group about the network. */
export function registerDetectionCommands(network: Command, context: CliContext): void {
  const load = () => import('./commands-incidents.ts')
  addApiCommand(network, 'incidents', {
    summary: 'Show what attackers did, one incident for each of them; with an id, one as a time line',
    examples: [
      'maru network incidents',
      'maru network incidents --state open',
      'maru network incidents inc_x7k2m9pqr4tz',
    ],
  })
    .argument('[id]', 'as the list shows it')
    .option('--state <state>', 'only those that are open, or closed')
    .option('--limit <number>', 'at most so many (default: 100)')
    .action(async (id, options) => (await load()).incidents(context, id, options))
  addApiCommand(network, 'detectors', {
    summary: 'Show what reads the traffic of apps on each host, or what it looks for',
    examples: ['maru network detectors', 'maru network detectors --rules'],
  })
    .option('--rules', 'what they look for, and what it means')
    .action(async (options) => (await load()).detectors(context, options))
  addApiCommand(network, 'rule-set', {
    summary: 'Say whether detectors look for what Emerging Threats Open knows, too',
    examples: [
      'maru network rule-set on',
      'maru network rule-set on --url https://mirror.example.org/emerging.rules.tar.gz',
      'maru network rule-set off',
    ],
  })
    .argument('<state>', 'on, or off: the platform’s own rules only')
    .option('--url <address>', 'an archive of the same form in the own network (default: ET Open itself)')
    .action(async (state, options) => (await load()).ruleSet(context, state, options))
}
