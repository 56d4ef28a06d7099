import type { Command } from 'commander'
import { addApiCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about the apps' databases. */
export function registerDataCommands(program: Command, context: CliContext): void {
  const database = addGroup(program, 'db', "An app's database")
  const load = () => import('./commands-database.ts')
  const app = 'name of the app'
  addApiCommand(database, 'info', {
    summary: 'Show size, connections, primary and standby',
    examples: ['maru db info shop'],
  })
    .argument('<app>', app)
    .action(async (name, options) => (await load()).info(context, name, options))
  addApiCommand(database, 'url', {
    summary: 'Print DATABASE_URL as the app gets it; it holds the password',
    examples: ['maru db url shop'],
  })
    .argument('<app>', app)
    .action(async (name, options) => (await load()).url(context, name, options))
  addApiCommand(database, 'psql', {
    summary: "Open psql as the app's role",
    examples: [
      'maru db psql shop',
      "maru db psql shop -- -c 'select now()'",
      "maru db psql shop -- -qc '\\! pg_dump' > dump.sql",
      'maru db psql shop < dump.sql',
    ],
  })
    .argument('<app>', app)
    .argument('[psql-option...]', 'options for psql, after --')
    .action(async (name, args, options) => (await load()).psql(context, name, args, options))
  addApiCommand(database, 'rotate', {
    summary: 'Make new credentials; the old ones end ten minutes later',
    examples: ['maru db rotate shop'],
  })
    .argument('<app>', app)
    .action(async (name, options) => (await load()).rotate(context, name, options))
}
