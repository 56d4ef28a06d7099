import { rm } from 'node:fs/promises'
import type { ContainerSpec } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Docker } from './docker.ts'
import { type Owner, writeFileAtomic } from './files.ts'
import type { Haproxy } from './haproxy.ts'

export interface HandOverDeps {
  readonly docker: Docker
  readonly owner: string
  readonly haproxy: Haproxy
  /** Where the new process finds which servers were well: without it, it would take each for well until its first check. */
  readonly state: { readonly file: string; readonly mode: number; readonly owner: Owner }
  /** What the one before is called from now on. */
  readonly retired: string
  /** Called while the process that will be replaced still serves everything. */
  readonly beforeEnd?: (() => Promise<void>) | undefined
}

const PATIENCE_MS = 20_000
const LOOK_MS = 50

/** Name of a container whose successor serves: it ends with its last connection. With an id there can be several. */
export const retiredName = (name: string, id = '') => `${name}-old${id === '' ? '' : `-${id.slice(0, 8)}`}`
export const isRetiredName = (name: string) => /-old(-[0-9a-f]{8})?$/.test(name)

/**
 * Replaces a container with HAProxy without closing a door: the new one takes over the listening sockets of the old one,
 * whose queues go on; only when it answers, the old one accepts nothing more and ends with its last connection. A new one
 * that does not come up leaves the old one serving.
 */
export async function handOver(deps: HandOverDeps, spec: ContainerSpec, oldId: string): Promise<void> {
  const { docker, haproxy, owner, retired, state } = deps
  const before = await workerOf(haproxy)
  const servers = await haproxy.ask('show servers state')
  await writeFileAtomic(state.file, servers ?? '', { mode: state.mode, owner: state.owner })
  await docker.containers.rename(oldId, retired)
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
    await rm(state.file, { force: true })
  }
  await deps.beforeEnd?.()
  // The engine would start it again when it has ended.
  await docker.containers.keepStopped(oldId)
  await docker.containers.kill(oldId, 'SIGUSR1')
}

/** Both listen on one admin socket for a moment, so it is asked until another process answers than before. */
async function untilServes(
  { docker, haproxy, retired }: HandOverDeps,
  id: string,
  before: string,
): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    const now = await workerOf(haproxy)
    const container = await docker.containers.inspect(id)
    const runs = container?.state === 'running' && container.restarts === 0
    if (runs && now !== '' && now !== before) return
    if (!runs || performance.now() > giveUpAt) {
      const step = `replacing ${retired.replace(/-old.*$/, '')}`
      throw new MaruError('hosts.step_failed', {
        step,
        reason: 'the new one does not answer',
        log: 'docker logs',
      })
    }
    await pause(LOOK_MS)
  }
}

/**
 * Which process answers; empty when none does. In containers all have the same number, and one may be replaced within the
 * second in which it started: `float` has the start to the microsecond (HAProxy management guide, "show info").
 */
async function workerOf(haproxy: Haproxy): Promise<string> {
  const info = (await haproxy.ask('show info float')) ?? ''
  const value = (name: string) => new RegExp(`^${name}: ([\\d.]+)$`, 'm').exec(info)?.[1] ?? ''
  return info === '' ? '' : `${value('Pid')}@${value('Start_time_sec')}`
}
