import type { Command } from 'commander'
import { HOST_LIMITS } from '#contract/hosts.ts'
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
    examples: [
      'maru host add berlin-2',
      'maru host add frankfurt-1 --data-centre frankfurt',
      'maru host add quorum-1 --witness --data-centre elsewhere',
    ],
  })
    .argument('<name>', 'what the new host is called')
    .option(
      '--data-centre <name>',
      'its data centre; a new name begins one with this host (default: that of the host whose control plane answers)',
    )
    .option('--witness', 'it has a voice in the quorum and runs no apps; best in a data centre of its own')
    .action(async (name, options) => (await load()).add(context, name, options))
  registerLeaving(group, context)
}

/** Those with which hosts go. */
function registerLeaving(group: Command, context: CliContext): void {
  const drain = () => import('./commands-drain.ts')
  const usual = HOST_LIMITS.drainWaitMinutes
  const waiting = [
    '--wait-minutes <n>',
    `stay so long at most; the drain goes on without you (default: ${usual})`,
  ] as const
  addApiCommand(group, 'drain', {
    summary: 'Empty a host: its instances move to others while they serve, and it gets no new ones',
    examples: ['maru host drain berlin-2', 'maru host drain berlin-2 --no-wait'],
  })
    .argument('<name>', 'name of the host')
    .option('--wait', 'stay until it is empty; that is usual')
    .option('--no-wait', 'do not stay until it is empty')
    .option(...waiting)
    .action(async (name, options) => (await drain()).drain(context, name, options))
  addApiCommand(group, 'undrain', {
    summary: 'Let a host have instances again; they come back slowly',
    examples: ['maru host undrain berlin-2'],
  })
    .argument('<name>', 'name of the host')
    .action(async (name, options) => (await drain()).undrain(context, name, options))
  const lost = ['--lost', 'it will not come back: what ran there is started elsewhere'] as const
  const last = ['--last', 'remove it although every app is then in one data centre'] as const
  const two = [
    '--two-voices',
    'remove it although the store (etcd) is left with two members, of which neither can be missed',
  ] as const
  addApiCommand(group, 'remove', {
    summary:
      'Remove a host that is empty, or lost: its certificate is refused, and what the platform had there goes to others',
    examples: ['maru host remove berlin-2', 'maru host remove berlin-2 --lost'],
  })
    .argument('<name>', 'name of the host')
    .option(...lost)
    .option(...last)
    .option(...two)
    .action(async (name, options) => (await import('./commands-hosts.ts')).remove(context, name, options))
  addApiCommand(group, 'replace', {
    summary: 'Empty a host and remove it, once another has joined; can be interrupted and typed again',
    examples: [
      'maru host replace berlin-2 --with berlin-3',
      'maru host replace berlin-2 --with berlin-3 --lost',
    ],
  })
    .argument('<old>', 'name of the host that goes')
    .requiredOption('--with <new>', 'name of the host that takes its place')
    .option(...waiting)
    .option(...lost)
    .option(...last)
    .option(...two)
    .action(async (old, options) => (await import('./commands-replace.ts')).replace(context, old, options))
}

/** Adds the commands about data centres to their group. */
export function registerDataCentreCommands(group: Command, context: CliContext): void {
  const load = () => import('./commands-data-centres.ts')
  addApiCommand(group, 'list', {
    summary: 'List the data centres, the addresses that their hosts share, and what a name server should say',
    examples: ['maru data-centre', 'maru data-centre list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).list(context, options))
  addApiCommand(group, 'address', {
    summary: 'Give the hosts of a data centre an address to share; another takes it over when one dies',
    examples: ['maru data-centre address berlin 203.0.113.9', 'maru data-centre address berlin none'],
  })
    .argument('<data-centre>', 'name of the data centre')
    .argument('<address>', 'a free IPv4 address in the network of its hosts, or none')
    .action(async (name, address, options) => (await load()).setAddress(context, name, address, options))
}
