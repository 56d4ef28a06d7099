import type { Command } from 'commander'
import { addApiCommand, addCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds `maru drill`. The drills are loaded only when one is asked for. */
export function registerDrillCommands(program: Command, context: CliContext): void {
  const drill = addGroup(program, 'drill', 'Put promises to the test on the running platform')
  const load = () => import('./index.ts')
  addCommand(drill, 'list', {
    summary: 'List the drills, what each proves and where it may run',
    examples: ['maru drill list'],
  }).action(async (options) => (await load()).listDrills(context, options))
  addCommand(drill, 'run', {
    summary: 'Carry out a drill; exit code 1 when the promise was not kept',
    examples: [
      'maru drill run database-primary-dies',
      'maru drill run neighbours-database --json',
      'maru drill run database-container-dies database-standby-dies',
      'maru drill run --all --output ./drills',
      'maru drill run host-dies --home /var/lib/maru-lab',
    ],
  })
    .argument('[names...]', 'names of drills, carried out one after the other')
    .option(
      '--all',
      'every drill that may run here and takes minutes at most, one after the other; goes on when one fails',
    )
    .option('--output <dir>', 'also write each result there, as JSON and as a picture of its time line')
    .option(
      '--home <dir>',
      'data folder of the installation on this host, or folder of a lab of several hosts (MARU_HOME)',
    )
    .option('--i-understand-this-is-production', 'run a harmless drill on an installation that is no lab')
    .action(async (names, options) => (await load()).runDrills(context, names, options))
  addApiCommand(drill, 'report', {
    summary: 'Show the last result of each drill, its age, figures and time line',
    examples: [
      'maru drill report',
      'maru drill report database-primary-dies',
      'maru drill report database-primary-dies --ledger --json',
    ],
  })
    .argument('[name]', 'one drill: also what ran, and how')
    .option('--ledger', 'also what its writers or visitors asked for, when, and how it ended')
    .action(async (name, options) => (await load()).report(context, name, options))
}
