import { type DrillStart, drillRoutes, type NumberedDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { DrillStartId } from '#contract/ids.ts'
import type { Environment } from '#runtime/cli/context.ts'
import { ownProgram } from '#runtime/drivers/own-program.ts'
import { run } from '#runtime/drivers/process.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { RECORD_MS } from '../carry-out.ts'
import type { AnyDrill } from '../drill.ts'
import { DRILLS, findDrill } from '../register.ts'
import { brokenOff, relayEvents } from '../relay-events.ts'
import { type OpenLab, openLabGround } from './lab-ground.ts'
import { wholeLines } from './lab-hands.ts'
import { lacksSpare } from './spare-host.ts'
import { type Telling, tellPlatform } from './tell-platform.ts'

/** How long it rests when nobody in the lab answers. */
const REST_MS = 2_000
/** A drill that takes so many times as long as it should, and five minutes, is asked to clean up and end. */
const TOO_LONG = 4
const CLEAN_UP_MS = 300_000
const KEPT_BYTES = 4096

export interface LabService {
  /** The lab's folder. */
  readonly home: string
  readonly env: Environment
  readonly signal: AbortSignal
  readonly log: Log
  /** Told when it begins to ask. */
  readonly onReady: () => void
}

/** What the machine that carries a lab can have carried out in it: all but what takes a host more than the lab has. */
export const drillsFor = (lab: Pick<OpenLab, 'hosts'>): readonly AnyDrill[] =>
  DRILLS.filter((drill) => drill.needs !== 'hosts' || !lacksSpare(drill, lab))

/**
 * Has carried out what is started from the platform in the lab, one after the other, until the signal is aborted; each by a program of its
 * own, as the agent does. It asks for work; nobody can ask it for anything else.
 */
export async function serveLab(service: LabService): Promise<void> {
  const { home, env, signal, log } = service
  const lab = await openLabGround(home, env)
  const drills = drillsFor(lab).map(({ name }) => name)
  service.onReady()
  log.info('lab_drills.ready', { drills: drills.length })
  while (!signal.aborted) {
    try {
      const next = await lab.ask((client) => client.call(drillRoutes.nextForLab, { body: { drills } }))
      if (next.start !== null) await take(service, lab, next.start, next.told)
    } catch (error) {
      log.warn('lab_drills.no_answer', { error })
      await pause(REST_MS, signal)
    }
  }
}

/** Takes a start and tells of it to its end; one of which something was told before was begun by a process that has gone. */
async function take(
  service: LabService,
  lab: OpenLab,
  { id, drill, startedBy }: DrillStart,
  told: number,
): Promise<void> {
  const { log } = service
  const text = 'Beginning on the machine that carries the lab'
  // It is begun when the platform knows that it is: then nobody begins it again.
  if (told === 0) await tellOnce(lab, id, [{ number: 1, event: { type: 'step', text } }])
  const telling = tellPlatform((events) => tellPatiently(service, lab, id, events), Math.max(told, 1) + 1)
  log.info('lab_drills.taken', { drill, startedBy, told })
  try {
    if (told > 0) telling.emit(brokenOff(drill, 'it ended before the drill did'))
    else await carryOutApart(service, drill, telling)
  } finally {
    await telling.end()
    log.info('lab_drills.ended', { drill })
  }
}

const tellOnce = (lab: OpenLab, start: DrillStartId, events: readonly NumberedDrillEvent[]) =>
  lab.ask((client) =>
    client.call(drillRoutes.tellFromLab, { params: { start }, body: { events: [...events] } }),
  )

/** A drill may have taken every control plane away, and hosts go while they are asked: it tries for five minutes. */
async function tellPatiently(
  { log }: LabService,
  lab: OpenLab,
  start: DrillStartId,
  events: readonly NumberedDrillEvent[],
): Promise<void> {
  const untilMs = performance.now() + RECORD_MS
  for (;;) {
    try {
      await tellOnce(lab, start, events)
      return
    } catch (error) {
      const isLost = error instanceof MaruError && error.code === 'drills.lost'
      if (isLost || performance.now() > untilMs) {
        log.warn('lab_drills.not_told', { start, events: events.length, error })
        return
      }
      await pause(REST_MS)
    }
  }
}

/** By a program of its own, each line of which is an event; one that ends without a last word has failed. */
async function carryOutApart({ home, signal }: LabService, drill: string, { emit }: Telling): Promise<void> {
  const limitMs = findDrill(drill).expectedS * 1000 * TOO_LONG + CLEAN_UP_MS
  const until = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  const argv = [process.execPath, ownProgram('maru-lab-drills'), '--lab', home, '--drill', drill] as const
  const options = { inputUntil: until, timeoutMs: limitMs + CLEAN_UP_MS, keepBytes: KEPT_BYTES }
  try {
    await relayEvents(drill, emit, (onLine) => run(argv, { ...options, onOutput: wholeLines(onLine) }))
  } catch (error) {
    emit(brokenOff(drill, error instanceof Error ? error.message : String(error)))
  }
}
