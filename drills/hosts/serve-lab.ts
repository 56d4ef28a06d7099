import { join } from 'node:path'
import { DrillEvent, type DrillStart, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import { DEFAULT_HOME, type Environment } from '#runtime/cli/context.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { AnyDrill } from '../drill.ts'
import { openField } from '../field.ts'
import { DRILLS, findDrill } from '../register.ts'
import { carryOutTelling, type Emit } from '../run-for-agent.ts'
import { type OpenLab, openLabGround } from './lab-ground.ts'
import { isOnPair } from './pair-drill.ts'
import { lacksSpare } from './spare-host.ts'
import { tellPlatform } from './tell-platform.ts'

/** How long it rests when nobody in the lab answers. */
const REST_MS = 2_000
/** The program that carries a drill out inside of a host, as the agent's does. */
const IN_HOST = join(import.meta.dirname, '../../bin/maru-drill.ts')

export interface LabService {
  /** The lab's folder. */
  readonly home: string
  readonly env: Environment
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly log: Log
}

/** What the machine that carries a lab can carry out in it: what takes hosts, lines, the pair or programs of a machine. */
export const drillsFor = (lab: Pick<OpenLab, 'hosts'>): readonly AnyDrill[] =>
  DRILLS.filter((drill) => drill.needs !== undefined && !(drill.needs === 'hosts' && lacksSpare(drill, lab)))

/**
 * Carries out what is started from the platform in the lab, one after the other, until the signal is aborted. It asks for work; nobody
 * can ask it for anything else.
 */
export async function serveLab(service: LabService): Promise<void> {
  const { home, env, signal, log } = service
  const lab = await openLabGround(home, env)
  const drills = drillsFor(lab)
    .map(({ name }) => name)
    .join(',')
  log.info('lab_drills.ready', { drills: drills.split(',').length })
  while (!signal.aborted) {
    try {
      const next = await lab.ask((client) => client.call(drillRoutes.nextForLab, { query: { drills } }))
      if (next.start !== null) await take(service, lab, next.start, next.told)
    } catch (error) {
      log.warn('lab_drills.no_answer', { error })
      await pause(REST_MS, signal)
    }
  }
}

/** Carries a start out and tells of it; one of which something was told before was begun by a process that has gone. */
async function take(service: LabService, lab: OpenLab, start: DrillStart, told: number): Promise<void> {
  const { log } = service
  const telling = tellPlatform(lab, start.id, told + 1)
  try {
    if (told > 0) telling.emit(brokenOff(start.drill, 'it ended before the drill did'))
    else await carryOutStart(service, lab, start, telling.emit)
  } finally {
    await telling.end()
    log.info('lab_drills.ended', { drill: start.drill, startedBy: start.startedBy })
  }
}

async function carryOutStart(
  service: LabService,
  lab: OpenLab,
  { drill: name, startedBy }: DrillStart,
  emit: Emit,
): Promise<void> {
  const { home, env, signal, now, log } = service
  log.info('lab_drills.started', { drill: name, startedBy })
  const drill = findDrill(name)
  if (!isOnPair(drill) && drill.needs !== 'hosts') return await carryOutInHost(lab, name, signal, emit)
  await carryOutTelling(name, emit, async (progress) =>
    openField({ home, dockerSocket: DOCKER_SOCKET, progress, signal, now }, env),
  )
}

/** Inside of the first host that runs, with that machine's programs; it says itself what it does, and hands its result in. */
async function carryOutInHost(lab: OpenLab, name: string, signal: AbortSignal, emit: Emit): Promise<void> {
  const host = await firstRunning(lab)
  const argv = [process.execPath, IN_HOST, '--home', DEFAULT_HOME, '--docker', DOCKER_SOCKET, '--drill', name]
  let hasEnded = false
  const { stderr } = await lab.keep(host, argv, signal, (line) => {
    const event = DrillEvent.parse(JSON.parse(line))
    hasEnded ||= event.type === 'done' || event.type === 'failed'
    emit(event)
  })
  if (!hasEnded) emit(brokenOff(name, stderr.trim().split('\n').at(-1) || 'it said nothing'))
}

async function firstRunning(lab: OpenLab): Promise<string> {
  for (const { name, full } of lab.hosts) if (full && (await lab.isRunning(name))) return name
  throw new MaruError('unreachable', { what: 'A host of the lab' })
}

function brokenOff(drill: string, reason: string): DrillEvent {
  const { error } = new MaruError('drills.stopped', { drill, stage: 'process', reason }).toBody()
  return { type: 'failed', error }
}
