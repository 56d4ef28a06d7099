import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { cli } from '#tests/harness.ts'
import { groupOf } from './lab.ts'

/** The processes of this machine, without those that have ended and only wait to be counted. */
export async function allProcesses(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const states = await Promise.all(pids.map((pid) => textOf(`/proc/${pid}/status`)))
  return pids.filter((_, at) => !/^State:\s+[ZX]/m.test(states[at] ?? '')).map(Number)
}

/** A file of a process, which may end meanwhile. */
const textOf = (path: string) => readFile(path, 'utf8').catch(() => '')

/** Processes of this machine that are in a lab's control groups, frozen ones too. */
export async function processesOf(labHome: string): Promise<number[]> {
  const pids = await allProcesses()
  const groups = await Promise.all(pids.map((pid) => textOf(`/proc/${pid}/cgroup`)))
  return pids.filter((_, at) => groups[at]?.includes(groupOf(labHome)))
}

/** What is left of a lab, apart from namespaces. */
export async function leftOf(labHome: string): Promise<string[]> {
  const groups = globSync(`/sys/fs/cgroup/**/${groupOf(labHome)}`)
  const processes = (await processesOf(labHome)).map((pid) => `process ${pid}`)
  return [...groups, ...processes, ...(existsSync(labHome) ? [labHome] : [])]
}

/** Takes a lab of a test down; nothing may be left of it. */
export async function downLeavesNothing(labHome: string): Promise<void> {
  await cli(['lab', 'down', '--home', labHome])
  const left = await leftOf(labHome)
  await rm(labHome, { recursive: true, force: true })
  assert.deepEqual(left, [], 'left of a lab that was taken away')
}
