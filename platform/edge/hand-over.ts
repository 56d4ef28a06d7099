import { rm } from 'node:fs/promises'
import type { ContainerSpec } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import { UID } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import type { Haproxy } from '#runtime/drivers/haproxy.ts'
import { pause } from '#runtime/kit/pause.ts'
import { edgeFiles } from './layout.ts'

export interface HandOverDeps {
  readonly docker: Docker
  readonly haproxy: Haproxy
  readonly home: string
  readonly owner: string
  /** Called while the process that will be replaced still serves everything. */
  readonly beforeEnd?: () => Promise<void>
}

const READABLE = { mode: 0o640, owner: { uid: 0, gid: UID.edge } }
const PATIENCE_MS = 20_000
const LOOK_MS = 50

/** Name of a container whose successor serves: it ends with its last request. */
export const retiredName = (name: string) => `${name}-old`

/**
 * Replaces the edge's container without closing a door: the new one takes over the listening sockets of the old one,
 * whose queues go on; only when it answers, the old one accepts nothing more and ends with its last request. A new one
 * that does not come up leaves the old one serving.
 */
export async function handOverEdge(deps: HandOverDeps, spec: ContainerSpec, oldId: string): Promise<void> {
  const { docker, haproxy, home, owner } = deps
  const { state: stateFile } = edgeFiles(home)
  const before = await workerOf(haproxy)
  const state = await haproxy.ask('show servers state')
  // Without it the new process would take every server for healthy until its first check.
  await writeFileAtomic(stateFile, state ?? '', READABLE)
  // One that still drains from the time before has had its time.
  await docker.containers.remove(retiredName(spec.name))
  await docker.containers.rename(oldId, retiredName(spec.name))
  try {
    const id = await docker.containers.create(spec, owner)
    await docker.containers.start(id)
    await untilServes(deps, id, before)
  } catch (error) {
    await docker.containers.remove(spec.name)
    await docker.containers.rename(oldId, spec.name)
    throw error
  } finally {
    // A state of today must not be believed by a process that starts next week.
    await rm(stateFile, { force: true })
  }
  await deps.beforeEnd?.()
  // The engine would start it again when it has ended.
  await docker.containers.keepStopped(oldId)
  await docker.containers.kill(oldId, 'SIGUSR1')
}

/** Both listen on one admin socket for a moment, so it is asked until another process answers than before. */
async function untilServes({ docker, haproxy }: HandOverDeps, id: string, before: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    const now = await workerOf(haproxy)
    const container = await docker.containers.inspect(id)
    const runs = container?.state === 'running' && container.restarts === 0
    if (runs && now !== '' && now !== before) return
    if (!runs || performance.now() > giveUpAt) {
      const params = {
        step: 'handing the edge over',
        reason: 'the new one does not answer',
        log: 'docker logs',
      }
      throw new MaruError('hosts.step_failed', params)
    }
    await pause(LOOK_MS)
  }
}

/** Which process answers; empty when none does. */
async function workerOf(haproxy: Haproxy): Promise<string> {
  const info = (await haproxy.ask('show info')) ?? ''
  const value = (name: string) => new RegExp(`^${name}: (\\d+)$`, 'm').exec(info)?.[1] ?? ''
  return info === '' ? '' : `${value('Pid')}@${value('Start_time_sec')}`
}
