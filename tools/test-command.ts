import type { Command } from 'commander'
import { addCommand } from '#runtime/cli/command.ts'

/** Adds `maru test`. The tools are loaded only when it runs: they need the development packages. */
export function registerTestCommand(program: Command): void {
  addCommand(program, 'test', {
    summary:
      'Test this program: unit tests, system tests on an installation of their own, or both; machine tests',
    examples: ['./maru test unit', './maru test system -- edge', './maru test machine'],
  })
    .argument('[kind]', 'unit, system or machine; the first two when left out')
    .argument('[pattern]', 'only the test files whose path contains this')
    .action(async (kind: string | undefined, pattern: string | undefined) => {
      process.exitCode = await runTests(kind, pattern ?? '')
    })
}

async function runTests(kind: string | undefined, pattern: string): Promise<number> {
  const { MaruError } = await import('#contract/errors.ts')
  if (kind !== undefined && !['unit', 'system', 'machine'].includes(kind))
    throw new MaruError('invalid', { field: 'kind', reason: 'must be unit, system or machine' })
  if (kind !== 'unit' && process.getuid?.() !== 0)
    throw new MaruError('hosts.not_root', { command: `maru test ${kind ?? 'system'}` })
  if (kind === 'machine') {
    const { runMachineTests } = await import('./machine-tests.ts')
    return await runMachineTests(pattern)
  }
  const { runSystemTests } = await import('./system-tests.ts')
  if (kind === 'system') return runSystemTests(pattern)
  const { runUnitTests } = await import('./test-files.ts')
  const unit = await runUnitTests(pattern)
  // Minutes are saved when the quick half fails.
  if (kind === undefined && unit.exitCode === 0) return runSystemTests('', unit.summary)
  console.log(unit.summary)
  return unit.exitCode
}
