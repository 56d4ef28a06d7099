import type { Command } from 'commander'
import { addApiCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about what the apps stand on. */
export function registerStackCommands(program: Command, context: CliContext): void {
  const stack = addGroup(program, 'stack', 'What the apps stand on: Debian and Node')
  const load = () => import('./commands-stack.ts')
  addApiCommand(stack, 'list', {
    summary: 'List the newest stacks, which one each app stands on, and who is behind',
    examples: ['maru stack', 'maru stack list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).list(context, options))
  addApiCommand(stack, 'roll', {
    summary: 'Move every app onto the newest stack, without a build and without a lost request',
    examples: ['maru stack roll'],
  }).action(async (options) => (await load()).roll(context, options))
}
