import type { Command } from 'commander'
import { addApiCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about the promises and their evidence. */
export function registerTrustCommands(program: Command, context: CliContext): void {
  const trust = addGroup(program, 'trust', 'What the platform promises, and what it keeps now')
  const load = () => import('./commands-trust.ts')
  addApiCommand(trust, 'show', {
    summary: 'Show every promise, or one with its evidence',
    examples: ['maru trust', 'maru trust CUS-1', 'maru trust --json'],
    isDefault: true,
  })
    .argument('[id]', 'id of a promise, such as NET-1')
    .action(async (id, options) => (await load()).show(context, id, options))
  addApiCommand(trust, 'verify', {
    summary: 'Run all checks now; fails when a promise that was kept is not',
    examples: ['maru trust verify'],
  }).action(async (options) => (await load()).verify(context, options))
  addApiCommand(trust, 'export', {
    summary: 'Write the promises and their evidence for auditors (NIST OSCAL 1.2.1, two files)',
    examples: ['maru trust export', 'maru trust export ./audit'],
  })
    .argument('[dir]', 'folder for the files', '.')
    .action(async (dir, options) => (await load()).writeOscal(context, dir, options))
}
