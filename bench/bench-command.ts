import type { Command } from 'commander'
import { addCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'
import { BENCHMARK_NAMES } from './names.ts'

/** Adds `maru bench`. The benchmarks are loaded only when it runs: they need the development packages. */
export function registerBenchCommand(program: Command, context: CliContext): void {
  addCommand(program, 'bench', {
    summary: 'Measure this platform on this machine and write docs/performance.md',
    examples: ['./maru bench', './maru bench edge', 'MARU_HOME=/var/lib/maru ./maru bench idle --json'],
  })
    .argument('[name]', `only this one: ${BENCHMARK_NAMES.join(', ')}`)
    .option('--quick', 'a few seconds of each: shows that they work, not how fast anything is')
    .option('--home <dir>', 'measure this installation (MARU_HOME) instead of making one')
    .option(
      '--output <dir>',
      'where performance.md and performance.json go (default: docs, after a whole run); one part takes its place there',
    )
    .action(async (name, options) => (await import('./run-bench.ts')).runBench(context, name, options))
}
