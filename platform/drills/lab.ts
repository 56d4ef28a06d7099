import type { DrillEvent, DrillStart, NumberedDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { TRUST_CHANNEL } from '#platform/trust/index.ts'
import type { ServerDeps, StreamEvent } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { read, transact, transactRepeatable } from '#runtime/server/transact.ts'
import {
  endStart,
  findStart,
  findUnderWay,
  insertEvents,
  insertStart,
  type LabSeen,
  listDrillEvents,
  loadLab,
  removeOldStarts,
  saveLab,
  saveSeen,
  type UnderWay,
} from './store-lab.ts'

/** What the machine that carries the lab has to do, and what it has said. */
const LAB_CHANNEL = 'drills.lab'
/** It asks every few seconds, and a failover is to be no silence. */
const THERE_MS = 30_000
/** It hands in what it has to say for five minutes, so whoever was not heard for longer has gone. */
const GONE_MS = 360_000
/** Who comes back later than that does not begin what was asked for before. */
const TAKEN_MS = 60_000
/** How long a question for work is held. */
const HELD_MS = 3_000
/** A notification can be lost with the connection that carried it. */
const LOOK_AGAIN_MS = 2_000
const PAGE = 500
const KEPT_MS = 30 * 86_400_000

type Deps = Pick<ServerDeps, 'db' | 'hub' | 'now'>

export const isLastEvent = ({ type }: DrillEvent) => type === 'done' || type === 'failed'

const isWithin = ({ seenAt }: LabSeen, now: Date, ms: number) => now.getTime() - seenAt.getTime() < ms

/** The machine that carries the lab, as far as it is there. */
export interface LabNow {
  /** What it can carry out now: nothing where it is not there. */
  readonly ofLab: ReadonlySet<string>
  /** The drill that it carries out, or has to. */
  readonly underWay: DrillStart | null
}

export async function labNow({ db, now }: Deps): Promise<LabNow> {
  const [lab, found] = await read(() => Promise.all([loadLab(db), findUnderWay(db)]))
  const wasHeard = (withinMs: number) => lab !== undefined && isWithin(lab, now(), withinMs)
  return {
    ofLab: new Set(wasHeard(THERE_MS) ? lab?.drills : []),
    underWay: (wasHeard(GONE_MS) ? found?.start : undefined) ?? null,
  }
}

/** Leaves a drill to the machine that carries the lab; refused while another one has not ended. */
export async function startInLab(
  deps: Deps,
  asked: Pick<DrillStart, 'id' | 'drill' | 'startedBy'>,
): Promise<DrillStart> {
  const at = deps.now()
  const start = { ...asked, startedAt: at.toISOString(), finishedAt: null }
  return await transact(deps.db, async (tx) => {
    await removeOldStarts(tx, new Date(at.getTime() - KEPT_MS))
    if (!(await insertStart(tx, start))) throw new MaruError('drills.busy', { drill: asked.drill })
    await notify(tx, LAB_CHANNEL)
    return start
  })
}

/** What that machine has to carry out, as soon as there is something; asking says that it is there. */
export async function nextForLab(
  deps: Deps,
  drills: readonly string[],
  signal: AbortSignal,
): Promise<{ start: DrillStart | null; told: number }> {
  const bell = deps.hub.bell(LAB_CHANNEL)
  try {
    await noteHeard(deps, drills)
    let found = await lookForWork(deps)
    if (found === undefined && (await bell.wait(HELD_MS, signal))) found = await lookForWork(deps)
    return found ?? { start: null, told: 0 }
  } finally {
    bell.close()
  }
}

/** What has to be carried out; nobody expects any more what nobody took soon. */
async function lookForWork({ db, now }: Deps): Promise<UnderWay | undefined> {
  const found = await read(() => findUnderWay(db))
  if (found === undefined || found.told > 0) return found
  const at = now()
  if (at.getTime() - Date.parse(found.start.startedAt) < TAKEN_MS) return found
  const { id, drill } = found.start
  const { error } = new MaruError('drills.not_taken', { drill }).toBody()
  await transactRepeatable(db, async (tx) => {
    await insertEvents(tx, id, [{ number: 1, event: { type: 'failed', error } }])
    await endStart(tx, id, at)
    await notify(tx, TRUST_CHANNEL)
  })
  return undefined
}

async function noteHeard({ db, now }: Deps, drills: readonly string[]): Promise<void> {
  const seenAt = now()
  await transactRepeatable(db, async (tx) => {
    const before = await loadLab(tx)
    await saveLab(tx, { drills, seenAt })
    const isNews =
      before === undefined || !isWithin(before, seenAt, THERE_MS) || before.drills.join() !== drills.join()
    if (isNews) await notify(tx, TRUST_CHANNEL)
  })
}

/** Keeps what that machine has seen of a drill; its last event ends it. */
export async function tellFromLab(
  { db, now }: Deps,
  id: DrillStartId,
  events: readonly NumberedDrillEvent[],
): Promise<void> {
  const at = now()
  await transactRepeatable(db, async (tx) => {
    if ((await findStart(tx, id)) === undefined) throw new MaruError('drills.lost', { start: id })
    await saveSeen(tx, at)
    await insertEvents(tx, id, events)
    if (events.length > 0) await notify(tx, LAB_CHANNEL)
    if (!events.some(({ event }) => isLastEvent(event))) return
    await endStart(tx, id, at)
    await notify(tx, TRUST_CHANNEL)
  })
}

/** The events of a start after a number, each as it comes, until the last; refused where nobody will tell the rest. */
export async function* followInLab(
  deps: Deps,
  id: DrillStartId,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent<DrillEvent>> {
  const bell = deps.hub.bell(LAB_CHANNEL)
  let last = after
  try {
    while (!signal.aborted) {
      const start = await read(() => findStart(deps.db, id))
      const page = await read(() => listDrillEvents(deps.db, id, last, PAGE))
      for (const { number, event } of page) {
        last = number
        yield { id: number, data: event }
        if (isLastEvent(event)) return
      }
      if (page.length > 0) continue
      // Whoever asks for events after the last one gets an end instead of silence.
      if (start !== undefined && start.finishedAt !== null) return
      if ((await labNow(deps)).underWay?.id !== id) throw new MaruError('drills.lost', { start: id })
      await bell.wait(LOOK_AGAIN_MS, signal)
    }
  } finally {
    bell.close()
  }
}

/** Whether a start was left to that machine. */
export const isInLab = async ({ db }: Deps, id: DrillStartId): Promise<boolean> =>
  (await read(() => findStart(db, id))) !== undefined
