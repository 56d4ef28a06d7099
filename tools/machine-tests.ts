import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { removeMachines } from './debian-machine.ts'
import { installPrograms } from './install-programs.ts'
import { ROOT } from './source-tree.ts'
import { testFiles } from './test-files.ts'

const PROGRAMS: Readonly<Record<string, string>> = {
  git: 'git',
  mmdebstrap: 'mmdebstrap',
  slirp4netns: 'slirp4netns',
}
const TEST_TIMEOUT_MS = 1_800_000

/** Runs the tests that boot a Debian of their own, and removes their machines whatever happens. */
export async function runMachineTests(pattern: string): Promise<number> {
  const files = testFiles('machine', pattern)
  if (files.length === 0) {
    console.error(`No machine test file has "${pattern}" in its path.`)
    return 2
  }
  if (!existsSync('/sys/fs/cgroup/unified')) {
    console.error('The machine tests need a host with control groups of version 1 beside version 2.')
    return 3
  }
  await installPrograms(PROGRAMS)
  await removeMachines()
  const argv = ['--test', '--test-concurrency=1', `--test-timeout=${TEST_TIMEOUT_MS}`, '--test-reporter=spec']
  const child = spawn(process.execPath, [...argv, ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, MARU_TEST_RUN: String(process.pid) },
  })
  const stop = () => child.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve(code ?? 1))
    })
  } finally {
    await removeMachines()
  }
}
