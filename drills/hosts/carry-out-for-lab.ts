import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import { DEFAULT_HOME, type Environment } from '#runtime/cli/context.ts'
import { lockDrills, openField } from '../field.ts'
import { findDrill } from '../register.ts'
import { relayEvents } from '../relay-events.ts'
import { carryOutTelling, type Emit } from '../run-for-agent.ts'
import { asRefusal } from '../run-in-turn.ts'
import { openLabGround } from './lab-ground.ts'
import { isOnPair } from './pair-drill.ts'

/** The program that carries a drill out inside of a host, as the agent's does. */
const IN_HOST = join(import.meta.dirname, '../../bin/maru-drill.ts')

export interface LabOrder {
  /** The lab's folder. */
  readonly home: string
  readonly drill: string
  readonly env: Environment
  readonly signal: AbortSignal
  readonly now: () => Date
}

/** Carries out a drill that was started from the platform in a lab; every step is an event, and the last one its end. */
export async function carryOutForLab(order: LabOrder, emit: Emit): Promise<void> {
  const { home, drill: name, env, signal, now } = order
  const drill = findDrill(name)
  if (!isOnPair(drill) && drill.needs !== 'hosts') return await carryOutInHost(order, emit)
  await carryOutTelling(name, emit, async (progress) =>
    openField({ home, dockerSocket: DOCKER_SOCKET, progress, signal, now }, env),
  )
}

/** Inside of the first host, with that machine's programs; it says itself what it does, and hands its result in. */
async function carryOutInHost({ home, drill: name, env, signal }: LabOrder, emit: Emit): Promise<void> {
  try {
    const unlock = await lockDrills(home)
    try {
      const lab = await openLabGround(home, env)
      const host = lab.hosts.find(({ first }) => first)?.name ?? ''
      if (!(await lab.isRunning(host))) throw new MaruError('lab.host_off', { host })
      const told = ['--home', DEFAULT_HOME, '--docker', DOCKER_SOCKET, '--drill', name]
      const argv = [process.execPath, IN_HOST, ...told, '--until-input-ends']
      await relayEvents(name, emit, (onLine) => lab.keep(host, argv, signal, onLine))
    } finally {
      unlock()
    }
  } catch (error) {
    emit({ type: 'failed', error: asRefusal({ name }, error).toBody().error })
  }
}
