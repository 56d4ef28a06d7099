import { type Command, Option } from 'commander'
import { MetricsRange } from '#contract/metrics.ts'
import { addApiCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the command about an app's figures. */
export function registerMetricsCommands(program: Command, context: CliContext): void {
  addApiCommand(program, 'metrics', {
    summary: 'Show requests, errors and latency of an app, memory and processor of its instances',
    examples: ['maru metrics shop', 'maru metrics shop --range 24h'],
  })
    .argument('<app>', 'name of the app')
    .addOption(
      new Option('-r, --range <range>', 'time to look at').choices(MetricsRange.options).default('1h'),
    )
    .action(async (name, options) => (await import('./commands-metrics.ts')).metrics(context, name, options))
}
