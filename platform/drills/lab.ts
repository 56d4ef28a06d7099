import {
  type DrillEvent,
  type DrillStart,
  isLastDrillEvent,
  type NumberedDrillEvent,
} from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { TRUST_CHANNEL } from '#platform/trust/index.ts'
import type { ServerDeps, StreamEvent } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { read, transact, transactRepeatable } from '#runtime/server/transact.ts'
import type { Db } from './store.ts'
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
const KEPT_DAYS = 30

type Deps = Pick<ServerDeps, 'db' | 'hub'>

const isWithin = (at: Date, askedAt: Date, ms: number) => askedAt.getTime() - at.getTime() < ms
const wasHeard = ({ seenAt, askedAt }: LabSeen, withinMs: number) => isWithin(seenAt, askedAt, withinMs)

/** The machine that carries the lab, as far as it is there. */
export interface LabNow {
  /** What it can carry out now: nothing where it is not there. */
  readonly ofLab: ReadonlySet<string>
  /** The drill that it carries out, or has to. */
  readonly underWay: DrillStart | null
}

export async function labNow({ db }: Pick<Deps, 'db'>): Promise<LabNow> {
  const [lab, found] = await read(() => Promise.all([loadLab(db), findUnderWay(db)]))
  return {
    ofLab: new Set(lab !== undefined && wasHeard(lab, THERE_MS) ? lab.drills : []),
    underWay: found !== undefined && isExpected(found, lab) ? found.start : null,
  }
}

/** Whether something will still be told of a start: it was asked for just now, or who carries it out was heard lately. */
const isExpected = ({ start, told, askedAt }: UnderWay, lab: LabSeen | undefined): boolean =>
  told > 0
    ? lab !== undefined && wasHeard(lab, GONE_MS)
    : isWithin(new Date(start.startedAt), askedAt, TAKEN_MS)

/** Leaves a drill to the machine that carries the lab; refused while another one is under way. */
export async function startInLab(
  { db }: Deps,
  asked: Pick<DrillStart, 'id' | 'drill' | 'startedBy'>,
): Promise<DrillStart> {
  return await transact(db, async (tx) => {
    const [lab, other] = [await loadLab(tx), await findUnderWay(tx)]
    if (other !== undefined && !isExpected(other, lab)) await giveUp(tx, other)
    await removeOldStarts(tx, KEPT_DAYS)
    const start = await insertStart(tx, asked)
    if (start === undefined) {
      const { drill } = (await findUnderWay(tx))?.start ?? asked
      throw new MaruError('drills.busy', { drill })
    }
    await notify(tx, LAB_CHANNEL)
    return start
  })
}

/** Ends a start of which nothing will be told any more. */
async function giveUp(tx: Db, { start, told }: UnderWay): Promise<void> {
  const { error } = nothingMore(start, told).toBody()
  await insertEvents(tx, start.id, [{ number: told + 1, event: { type: 'failed', error } }])
  await endStart(tx, start.id)
}

const nothingMore = ({ id, drill }: DrillStart, told: number): MaruError =>
  told > 0 ? new MaruError('drills.lost', { start: id }) : new MaruError('drills.not_taken', { drill })

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
    return { start: found?.start ?? null, told: found?.told ?? 0 }
  } finally {
    bell.close()
  }
}

/** A start for who asks: one that he has begun, or one that was asked for just now. */
async function lookForWork({ db }: Deps): Promise<UnderWay | undefined> {
  const found = await read(() => findUnderWay(db))
  if (found === undefined || found.told > 0) return found
  return isExpected(found, undefined) ? found : undefined
}

async function noteHeard({ db }: Deps, drills: readonly string[]): Promise<void> {
  await transactRepeatable(db, async (tx) => {
    const before = await loadLab(tx)
    await saveLab(tx, drills)
    const isNews =
      before === undefined || !wasHeard(before, THERE_MS) || before.drills.join() !== drills.join()
    if (isNews) await notify(tx, TRUST_CHANNEL)
  })
}

/** Keeps what that machine has seen of a drill; its last event ends it. */
export async function tellFromLab(
  { db }: Deps,
  id: DrillStartId,
  events: readonly NumberedDrillEvent[],
): Promise<void> {
  await transactRepeatable(db, async (tx) => {
    if ((await findStart(tx, id)) === undefined) throw new MaruError('drills.lost', { start: id })
    await saveSeen(tx)
    await insertEvents(tx, id, events)
    if (events.length > 0) await notify(tx, LAB_CHANNEL)
    if (!events.some(({ event }) => isLastDrillEvent(event))) return
    await endStart(tx, id)
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
      // In this order: what ends a start meanwhile is in the page.
      const { underWay } = await labNow(deps)
      const start = await read(() => findStart(deps.db, id))
      const page = await read(() => listDrillEvents(deps.db, id, last, PAGE))
      for (const { number, event } of page) {
        last = number
        yield { id: number, data: event }
        if (isLastDrillEvent(event)) return
      }
      if (page.length > 0) continue
      if (start === undefined) throw new MaruError('drills.lost', { start: id })
      // Whoever asks for events after the last one gets an end instead of silence.
      if (start.finishedAt !== null) return
      if (underWay?.id !== id) throw nothingMore(start, last)
      await bell.wait(LOOK_AGAIN_MS, signal)
    }
  } finally {
    bell.close()
  }
}

/** Whether a start was left to that machine. */
export const isInLab = async ({ db }: Deps, id: DrillStartId): Promise<boolean> =>
  (await read(() => findStart(db, id))) !== undefined
