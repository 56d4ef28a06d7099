import type { Command } from 'commander'
import { addCommand } from '#runtime/cli/command.ts'

/** Adds `maru test`. The tools are loaded only when it runs: they need the development packages. */
export function registerTestCommand(program: Command): void {
  addCommand(program, 'test', {
    summary:
      'Test this program: unit tests, system tests on an installation of their own, or both; long tests; machine tests',
    examples: ['./maru test unit', './maru test system -- edge', './maru test long', './maru test machine'],
  })
    .argument('[kind]', 'unit, system, long or machine; the first two when left out')
    .argument('[pattern]', 'only the test files whose path contains this')
    .action(async (kind: string | undefined, pattern: string | undefined) => {
      process.exitCode = await runTests(kind, pattern ?? '')
    })
}

async function runTests(kind: string | undefined, pattern: string): Promise<number> {
  const { MaruError } = await import('#contract/errors.ts')
  const { runUnitTests, TEST_KINDS } = await import('./test-files.ts')
  if (kind !== undefined && !TEST_KINDS.some((one) => one === kind))
    throw new MaruError('invalid', { field: 'kind', reason: `must be one of ${TEST_KINDS.join(', ')}` })
  if (kind !== 'unit' && process.getuid?.() !== 0)
    throw new MaruError('hosts.not_root', { command: `maru test ${kind ?? 'system'}` })
  if (kind === 'machine') {
    const { runMachineTests } = await import('./machine-tests.ts')
    return await runMachineTests(pattern)
  }
  const { runSystemTests } = await import('./system-tests.ts')
  if (kind === 'system' || kind === 'long') return runSystemTests(kind, pattern)
  const unit = await runUnitTests(pattern)
  // Minutes are saved when the quick half fails.
  if (kind === undefined && unit.exitCode === 0) return runSystemTests('system', '', unit.summary)
  console.log(unit.summary)
  return unit.exitCode
}
