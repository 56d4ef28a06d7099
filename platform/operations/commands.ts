import type { Command } from 'commander'
import { addApiCommand, addAppCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about long work. */
export function registerOperationCommands(program: Command, context: CliContext): void {
  const load = () => import('./commands-operation.ts')
  addApiCommand(program, 'operation', {
    summary: 'Follow an operation from its beginning to its end',
    examples: ['maru operation op_7k2m9x4q2abc'],
  })
    .argument('<id>', 'id of the operation')
    .action(async (id, options) => (await load()).operation(context, id, options))
  addAppCommand(program, 'cancel', {
    summary: 'Cancel what is under way: a build, a deploy; what served before keeps serving',
    examples: ['maru cancel', 'maru cancel --app shop', 'maru cancel op_7k2m9x4q2abc'],
  })
    .argument('[id]', 'id of the operation (default: the one of the app that is under way)')
    .action(async (id, options) => (await load()).cancel(context, id, options))
  addAppCommand(program, 'operations', {
    summary: 'List the latest operations of an app, newest first',
    examples: ['maru operations --app shop'],
  }).action(async (options) => (await load()).operations(context, options))
}
