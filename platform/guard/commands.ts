import type { Command } from 'commander'
import { addApiCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

const source = 'address or network, such as 192.0.2.7 or 192.0.2.0/24'

/** Adds the commands about who is kept out of the hosts to the group about the network. */
export function registerGuardCommands(network: Command, context: CliContext): void {
  const load = () => import('./commands-guard.ts')
  registerBlocks(network, context)
  addApiCommand(network, 'events', {
    summary: 'Show what was noticed at the hosts, the newest first',
    examples: ['maru network events', 'maru network events --kind scan --host berlin-1 --limit 20'],
  })
    .option('--host <name>', 'of this host only')
    .option('--kind <kind>', 'of this kind only, such as scan, flood, spoofing')
    .option('--limit <number>', 'at most so many (default: 100)')
    .action(async (options) => (await load()).events(context, options))
  addApiCommand(network, 'traffic', {
    summary: 'Show how many packets the hosts let through and refused, and when',
    examples: ['maru network traffic', 'maru network traffic --range 24h --host berlin-1'],
  })
    .option('--range <time>', '1h, 24h or 7d (default: 1h)')
    .option('--host <name>', 'of this host only')
    .action(async (options) => (await import('./commands-traffic.ts')).traffic(context, options))
  registerEngagements(network, context)
  registerPartners(network, context)
}

function registerBlocks(network: Command, context: CliContext): void {
  const blocks = addGroup(network, 'blocks', 'Who is kept out of the hosts: list, lift, add')
  const load = () => import('./commands-guard.ts')
  addApiCommand(blocks, 'list', {
    summary: 'List who is kept out, by which host and why',
    examples: ['maru network blocks', 'maru network blocks list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).listBlocks(context, options))
  addApiCommand(blocks, 'lift', {
    summary: 'Let a source in again, on every host',
    examples: ['maru network blocks lift 192.0.2.7'],
  })
    .argument('<source>', source)
    .action(async (text, options) => (await load()).lift(context, text, options))
  addApiCommand(blocks, 'add', {
    summary: 'Block a source on every host, open connections included',
    examples: [
      'maru network blocks add 192.0.2.0/24 --for 2h --reason "guesses passwords"',
      'maru network blocks add 2001:db8::/48 --reason "asked by its provider"',
    ],
  })
    .argument('<source>', source)
    .requiredOption('--reason <text>', 'why, for whoever wonders later')
    .option('--for <time>', 'how long, such as 30m, 2h, 7d (default: until it is lifted)')
    .action(async (text, options) => (await load()).addBlock(context, text, options))
}

function registerEngagements(network: Command, context: CliContext): void {
  const engagement = addGroup(network, 'engagement', 'Penetration tests that were agreed on: add, list, end')
  const load = () => import('./commands-agreed.ts')
  addApiCommand(engagement, 'list', {
    summary: 'List the penetration tests that were agreed on',
    examples: ['maru network engagement', 'maru network engagement list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).listEngagements(context, options))
  addApiCommand(engagement, 'add', {
    summary: 'Agree on a penetration test: within its time it is recorded and not held back',
    examples: [
      'maru network engagement add 192.0.2.7 --reference PT-7 --for 8h',
      'maru network engagement add 192.0.2.7 --reference PT-7 --from 2030-01-07T08:00:00Z --for 5d --host berlin-1',
    ],
  })
    .argument('<source>', source)
    .requiredOption('--reference <text>', 'of the agreement')
    .requiredOption('--for <time>', 'how long, such as 8h, 5d')
    .option('--from <time>', 'when it begins, such as 2030-01-07T08:00:00Z (default: now)')
    .option('--host <name...>', 'hosts that may be tested (default: all)')
    .action(async (text, options) => (await load()).addEngagement(context, text, options))
  addApiCommand(engagement, 'end', {
    summary: 'End a penetration test before its time',
    examples: ['maru network engagement end eng_x7k2m9pqr4tz'],
  })
    .argument('<id>', 'as the list shows it')
    .action(async (id, options) => (await load()).endEngagement(context, id, options))
}

function registerPartners(network: Command, context: CliContext): void {
  const partner = addGroup(network, 'partner', 'Who is never judged: add, list, remove')
  const load = () => import('./commands-agreed.ts')
  addApiCommand(partner, 'list', {
    summary: 'List who is never judged',
    examples: ['maru network partner', 'maru network partner list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).listPartners(context, options))
  addApiCommand(partner, 'add', {
    summary: 'Never judge a source, on any host',
    examples: ['maru network partner add 198.51.100.0/28 --reason "our monitoring"'],
  })
    .argument('<source>', source)
    .requiredOption('--reason <text>', 'why, for whoever wonders later')
    .action(async (text, options) => (await load()).addPartner(context, text, options))
  addApiCommand(partner, 'remove', {
    summary: 'Judge a source like any other again',
    examples: ['maru network partner remove 198.51.100.0/28'],
  })
    .argument('<source>', source)
    .action(async (text, options) => (await load()).removePartner(context, text, options))
}
