import type { DrillPlace, Measure, Measured } from './drill.ts'
import { hundredths } from './hundredths.ts'
import type { Doors } from './ledger-doors.ts'
import { longestGapS } from './longest-gap.ts'
import { findPair, findPrimary, liveCopies, type Pair } from './look-at-pair.ts'
import { present } from './present.ts'
import { markRecorded } from './recorded-moments.ts'
import { lateAcknowledgements } from './reigns.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'
import type { Acknowledged, Ledger } from './write-ledger.ts'
import { writersOf } from './writers.ts'

export const SILENCE = 'longest time without an acknowledged write'
export const LOST = 'acknowledged writes that were lost'
export const LATE = 'writes that a server took after another had taken over'
export const WHOLE = 'time until the pair is whole again'
export const ERRORS = 'writes that failed'

export type FaultMeasure = typeof SILENCE | typeof LOST | typeof LATE | typeof WHOLE

/** What every fault of the pair is measured by; only the silence differs. */
export const measuresOfFault = (silenceS: number): Readonly<Record<FaultMeasure, Measure>> => ({
  [SILENCE]: { unit: 's', limit: silenceS },
  [LOST]: { unit: 'writes', limit: 0 },
  [LATE]: { unit: 'writes', limit: 0 },
  [WHOLE]: { unit: 's', limit: 60 },
})

export const SET_UP =
  'An app of its own writes over four connections and keeps a ledger of what was acknowledged, and by which server. Two more writers go past the proxy, one to each member.'

const READY_S = 60
/** Longer than the limits, so that a failure has a figure. */
export const PATIENCE_S = 120
/** Writes have to go on for so long after everything before the last silence counts as over. */
const STEADY_S = 2

/** A fault of the database pair under writers, from the set-up to what it did. */
export interface DatabaseFault {
  setUp(): Promise<void>
  /** The ways into the database, once it is set up. */
  doors(): Doors
  /** Changes the pair in a way that is no fault, and waits until it is whole again. */
  prepare(change: (pair: Pair) => Promise<void>, signal?: AbortSignal): Promise<void>
  /** Does the damage; the clock runs from here. */
  strike(damage: (pair: Pair) => Promise<void>): Promise<void>
  /** Does more damage after the first, to whoever leads by then: as soon as somebody does. The clock runs on. */
  strikeAgain(damage: (primary: string) => Promise<void>): Promise<void>
  /** Waits until the pair is whole again and sums up. `errors`: what apps saw as errors from the fault on. */
  measure(): Promise<Measured<FaultMeasure> & { readonly errors: number }>
  cleanUp(): Promise<void>
}

export interface FaultOptions {
  /** The fault need not end the connection between the members: any copy makes the pair whole again. */
  readonly copyMayLast?: boolean
  /** The members' clocks are not the machine's: what they wrote down happened at other times. */
  readonly clocksDiffer?: boolean
}

export function databaseFault(place: DrillPlace, options: FaultOptions = {}): DatabaseFault {
  const writers = writersOf(place, 'ledger', { eachMember: true })
  const { doors } = writers
  const { signal } = place
  let struck: Struck | undefined
  return {
    setUp: writers.begin,
    doors,
    prepare: async (change, stop = signal) => await changePair(doors(), change, stop),
    strike: async (damage) => {
      const pair = await settledPair(doors(), signal)
      struck = { pair, doors: doors(), copies: await liveCopies(doors()), atMs: performance.now() }
      place.mark('fault', { at: struck.atMs })
      await damage(pair)
    },
    strikeAgain: async (damage) => {
      struck = await strikeLeader(place, present(struck), damage)
    },
    measure: async () => {
      return await measure(place, present(struck), writers.ledger(), options)
    },
    cleanUp: writers.end,
  }
}

interface Struck {
  readonly pair: Pair
  readonly doors: Doors
  /** The connections over which a standby was confirming writes when the fault came. */
  readonly copies: readonly string[]
  readonly atMs: number
}

/** A member that has just changed may not answer at once. */
async function settledPair(doors: Doors, signal: AbortSignal): Promise<Pair> {
  let pair: Pair | undefined
  await waitUntil('A primary and a standby', { timeoutS: READY_S, signal }, async () => {
    pair = await findPair(doors).catch(() => undefined)
    return pair !== undefined
  })
  return present(pair)
}

async function changePair(
  doors: Doors,
  change: (pair: Pair) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const copies = await liveCopies(doors)
  await change(await settledPair(doors, signal))
  const isWhole = async () => (await liveCopies(doors)).some((copy) => !copies.includes(copy))
  await waitUntil('The pair to be whole again', { timeoutS: READY_S, signal }, isWhole)
}

async function strikeLeader(
  place: DrillPlace,
  struck: Struck,
  damage: (primary: string) => Promise<void>,
): Promise<Struck> {
  const { doors } = struck
  let primary: string | undefined
  await waitUntil('Somebody who leads', { timeoutS: READY_S, signal: place.signal }, async () => {
    primary = await findPrimary(doors)
    return primary !== undefined
  })
  const copies = [...struck.copies, ...(await liveCopies(doors))]
  place.mark('second fault')
  await damage(primary ?? '')
  return { ...struck, copies }
}

async function measure(
  place: DrillPlace,
  { pair, doors, copies, atMs }: Struck,
  ledger: Ledger,
  { copyMayLast = false, clocksDiffer = false }: FaultOptions,
) {
  const { signal } = place
  const throughProxy = () => ledger.acknowledged.filter(({ way }) => way === 'proxy')
  // Most faults end the connection between the members, so whole again means another one.
  const isWhole = async () => (await liveCopies(doors)).some((copy) => copyMayLast || !copies.includes(copy))
  place.show('Measurement: waiting until the pair is whole again')
  const waitedS = await secondsUntil({ timeoutS: PATIENCE_S, signal }, isWhole)
  const wholeMs = performance.now()
  if (waitedS < PATIENCE_S) place.mark('heal', { at: wholeMs })
  const goesOn = () => (throughProxy().at(-1)?.atMs ?? 0) > wholeMs + STEADY_S * 1000
  await secondsUntil({ timeoutS: PATIENCE_S, signal }, goesOn)
  const silenceS = longestGapS(throughProxy(), atMs, performance.now())
  await ledger.stop()
  const lost = await ledger.findLost()
  const errors = ledger.failed.filter(({ endedMs }) => endedMs > atMs).length
  markSuccess(place, throughProxy(), atMs)
  if (!clocksDiffer) await markRecorded(place, { primary: pair.primary, atMs })
  const wholeS = (wholeMs - atMs) / 1000
  const count = ledger.acknowledged.length
  return {
    values: {
      [SILENCE]: hundredths(silenceS),
      [LOST]: lost.length,
      [LATE]: lateAcknowledgements(ledger.acknowledged).length,
      [WHOLE]: hundredths(wholeS),
    },
    result: `Of ${count} acknowledged writes ${lost.length} were lost; no write was acknowledged for ${silenceS.toFixed(2)} s; after ${wholeS.toFixed(1)} s the pair was whole again.`,
    figures: {
      'acknowledged writes': { value: count, unit: 'writes' },
      'writes that ended with an error': { value: errors, unit: 'writes' },
    },
    ledger: { of: 'acknowledged writes', entries: throughProxy(), failed: ledger.failed, lost },
    errors,
  }
}

/** Marks the first word of another server; where the same goes on, that to the first write which was asked for after the fault. */
function markSuccess(place: DrillPlace, acknowledged: readonly Acknowledged[], atMs: number): void {
  const before = acknowledged.findLast((one) => one.atMs <= atMs)?.server
  const first =
    acknowledged.find((one) => one.atMs > atMs && one.server !== before) ??
    acknowledged.find(({ begunMs }) => begunMs > atMs)
  if (first !== undefined) place.mark('first success', { at: first.atMs })
}
