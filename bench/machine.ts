import { readFile } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { parseEnv } from 'node:util'
import type { Docker } from '#runtime/drivers/docker.ts'
import { run } from '#runtime/drivers/process.ts'
import { ROOT } from '#tools/source-tree.ts'
import type { Machine } from './report.ts'

const MEGABYTE = 1024 * 1024

/** Describes this machine; without it figures mean nothing. */
export async function describeMachine(docker: Docker): Promise<Machine> {
  const system = parseEnv(await readFile('/etc/os-release', 'utf8'))
  const processors = cpus()
  return {
    processor: processors[0]?.model.trim() || 'unknown processor',
    processors: processors.length,
    memoryMb: Math.round(totalmem() / MEGABYTE),
    kernel: release(),
    system: system.PRETTY_NAME ?? 'unknown system',
    engine: (await docker.info()).version,
    node: process.versions.node,
    loadBefore: loadavg()[0] ?? 0,
  }
}

/** The commit that is measured; changed files are told. */
export async function describeCommit(): Promise<string> {
  const commit = await run(['git', 'rev-parse', '--short=10', 'HEAD'], { cwd: ROOT })
  if (commit.exitCode !== 0) return 'unknown (no git here)'
  const changed = (await run(['git', 'status', '--porcelain'], { cwd: ROOT })).stdout.trim() !== ''
  return `${commit.stdout.trim()}${changed ? ' with changes' : ''}`
}
