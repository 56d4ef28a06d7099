import type { Command } from 'commander'
import { addApiCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the command about who did what. */
export function registerAuditCommand(program: Command, context: CliContext): void {
  addApiCommand(program, 'audit', {
    summary: 'Who did what, when, to what, and what came of it, the newest first',
    examples: [
      'maru audit',
      'maru audit --on shop',
      'maru audit --action network. --limit 20',
      'maru audit --who ada --result refused',
      'maru audit --since 2026-12-01 --until 2026-12-02',
    ],
  })
    .option('--who <name>', 'only of this account; `root` for root on a host, `maru` for the platform itself')
    .option('--on <name>', 'only where this was the goal: an app, a host, a rule, an address')
    .option('--action <name>', 'only actions that begin so, such as network. or apps.deploy')
    .option('--result <result>', 'done, refused, failed or unknown')
    .option('--since <time>', 'only from then on, such as 2027-01-31 (UTC)')
    .option('--until <time>', 'only before then')
    .option('--before <id>', 'only older than this id, to go on from a page')
    .option('--limit <n>', 'at most so many', '50')
    .action(async (options) => (await import('./commands-audit.ts')).audit(context, options))
}
