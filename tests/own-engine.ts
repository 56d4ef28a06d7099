import { readdir, readFile } from 'node:fs/promises'
import { supervisorPid } from '#platform/hosts/index.ts'
import { docker } from '../tools/test-installation.ts'
import { installation } from './harness.ts'

/** Process id of the engine that the supervisor of this installation keeps running. */
async function engineOf(supervisor: string): Promise<number | undefined> {
  const entries = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  for (const entry of entries) {
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? []
    if (name === 'dockerd' && parent === supervisor) return Number(entry)
  }
  return undefined
}

/**
 * The engine's process id, where this installation started it and nothing but these tests uses it; else undefined.
 * Only such an engine may be killed, and only such a one ends with the installation.
 */
export async function ownEngine(): Promise<number | undefined> {
  const supervisor = await supervisorPid()
  if (supervisor === undefined) return undefined
  const names = (await docker('ps', '--all', '--format', '{{.Names}}')).split('\n').filter(Boolean)
  if (names.some((name) => !name.startsWith(`${installation.name}-`) && !name.startsWith('maru-test-')))
    return undefined
  return engineOf(String(supervisor))
}
