import { truncate } from '#runtime/cli/terminal-text.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Measure, Measured } from '../drill.ts'
import { hundredths } from '../hundredths.ts'
import { longestGapS } from '../longest-gap.ts'
import { lateAcknowledgements } from '../reigns.ts'
import { secondsUntil, waitUntil } from '../wait-until.ts'
import { type FailedRequest, type HostLedger, hostLedger, type Writing } from './host-ledger.ts'
import { CLIENT, type HostsPlace, type LabHost } from './hosts-place.ts'
import { somePrimary } from './pair-lead.ts'
import { markRecordedByHosts } from './recorded-by-hosts.ts'
import { whatIsMissing } from './wholeness.ts'

export const SILENCE = 'longest time without an acknowledged write'
export const LOST = 'acknowledged writes that were lost'
export const LATE = 'writes that a server took after another had taken over'
export const PLAIN = 'time until new requests that need no database succeed at the edges that stay'
export const FAILED_AFTER = 'requests that failed after the failover time'
export const WHOLE = 'time until all is whole again'
export const LAST_FAILED = 'begin of the last request that failed, since the fault'

/** The longest that writes may rest when a host or a data centre goes without a warning. */
export const FAILOVER_S = 7
/** Requests that need no database may fail for so long then: an edge has to notice that instances are gone. */
const PLAIN_S = 3
/** From the power switch, or from the mended line, until everything is where it belongs. */
export const WHOLE_S = 120

/** What every fault under visitors is measured by, whatever else it is. */
export type LedgerMeasure = typeof LOST | typeof LATE | typeof WHOLE
export type TakeOverMeasure = LedgerMeasure | typeof SILENCE | typeof PLAIN | typeof FAILED_AFTER

export const LEDGER_MEASURES: Readonly<Record<LedgerMeasure, Measure>> = {
  [LOST]: { unit: 'writes', limit: 0 },
  [LATE]: { unit: 'writes', limit: 0 },
  [WHOLE]: { unit: 's', limit: WHOLE_S },
}

/** What is measured where others have to take over. */
export const TAKE_OVER_MEASURES: Readonly<Record<TakeOverMeasure, Measure>> = {
  [SILENCE]: { unit: 's', limit: FAILOVER_S },
  [PLAIN]: { unit: 's', limit: PLAIN_S },
  [FAILED_AFTER]: { unit: 'requests', limit: 0 },
  ...LEDGER_MEASURES,
}

export const SET_UP =
  'An app of its own is in two data centres. Visitors ask it over TLS for rows in its database, and for pages that need none; a ledger keeps what was acknowledged, and by which server.'

/** Looking at everything takes work of every host, which others need while they come back. */
const LOOK_EVERY_MS = 1000
const READY_S = 180
const FIRST_WRITES = 50
const FIRST_WRITES_S = 60
/** Longer than the limits, so that a failure has a figure. */
export const PATIENCE_S = 240
/** So many of the reasons for which requests failed are told. */
const REASONS = 8
/** The sentence that says how a drill went has room for so much of them. */
const WHY_LENGTH = 300

/** A fault of hosts or lines under visitors, from the set-up to what it did. */
export interface FaultOfHosts {
  readonly ledger: HostLedger
  /** Deploys the app and waits until all is whole. */
  ready(): Promise<void>
  /** Visitors from between the data centres at the edges of these hosts; `until` ends these before the others. */
  visit(edges: readonly LabHost[], until?: AbortSignal): Promise<void>
  /** Visitors inside a host, at its own edge. */
  visitInside(host: LabHost): Promise<void>
  /** Waits until there is something to lose. */
  underWay(): Promise<void>
  /** Does the damage; the clock runs from here. `justBefore` may still refuse, knowing who leads the pair. */
  strike(damage: () => Promise<void>, justBefore?: (primary: string) => Promise<void>): Promise<void>
  /** When it struck, by the clock of `performance.now()`. */
  struckMs(): number
  /** Waits until another server acknowledges writes to visitors of these edges. */
  takenOver(edges: readonly LabHost[]): Promise<void>
  /** Waits until all is whole, as long as it has patience; gives the seconds. */
  wholeAgain(): Promise<number>
  /** Repairs the damage and waits until all is whole; gives the seconds from the repair on. */
  repaired(label: string, repair: () => Promise<void>): Promise<number>
  /** Ends the visits and sums up what every fault is measured by. */
  sumUp(wholeS: number): Promise<Summary>
  cleanUp(): Promise<void>
}

export interface Summary {
  readonly values: Readonly<Record<LedgerMeasure, number>>
  readonly figures: NonNullable<Measured['figures']>
  readonly ledger: NonNullable<Measured['ledger']>
}

interface Struck {
  readonly primary: string
  readonly atMs: number
}

/** A fault that is still to come. */
export function faultOfHosts(place: HostsPlace, writing?: Writing): FaultOfHosts {
  const { signal } = place
  const ledger = hostLedger(place, writing)
  let struck: Struck | undefined
  const known = () => {
    if (struck === undefined) throw new Error('nothing was done')
    return struck
  }
  const visited: LabHost[] = []
  const { whole, wholeAgain, missing } = waitsToBeWhole(place)
  return {
    ledger,
    struckMs: () => known().atMs,
    ready: async () => {
      await place.app()
      if ((await secondsUntil({ timeoutS: READY_S, signal }, whole)) >= READY_S)
        throw new Error(`the lab is not whole after ${READY_S} s: ${missing()}`)
    },
    visit: async (edges, until) => {
      visited.push(...edges)
      await ledger.visit(CLIENT, edges, until)
    },
    visitInside: async (host) => {
      visited.push(host)
      await ledger.visit(host.name, [host])
    },
    underWay: () =>
      waitUntil(
        `${FIRST_WRITES} acknowledged writes at each edge`,
        { timeoutS: FIRST_WRITES_S, signal },
        () => visited.every((edge) => seenAt(ledger.acknowledged, [edge]).length >= FIRST_WRITES),
      ),
    strike: async (damage, justBefore) => {
      const primary = await somePrimary(place)
      await justBefore?.(primary)
      struck = { primary, atMs: performance.now() }
      place.mark('fault', { at: struck.atMs })
      await damage()
    },
    takenOver: (edges) => takenOver(place, ledger, known().atMs, edges),
    wholeAgain,
    repaired: async (label, repair) => {
      const since = performance.now()
      place.mark(label, { at: since })
      await repair()
      if ((await wholeAgain()) < PATIENCE_S) place.mark('heal')
      return (performance.now() - since) / 1000
    },
    sumUp: (wholeS) => sumUp(place, ledger, known(), wholeS),
    cleanUp: () => ledger.stop(),
  }
}

/** Looks whether all is whole, and waits for it. */
function waitsToBeWhole(place: HostsPlace) {
  const { signal } = place
  let missing: string | undefined
  const whole = async () => {
    missing = await whatIsMissing(place)
    if (missing === undefined) return true
    place.show(`Waiting: ${missing}`)
    await pause(LOOK_EVERY_MS, signal)
    return false
  }
  const wholeAgain = async () => {
    const seconds = await secondsUntil({ timeoutS: PATIENCE_S, signal }, whole)
    if (missing !== undefined) place.say(`not whole after ${PATIENCE_S} s: ${missing}`)
    return seconds
  }
  return { whole, wholeAgain, missing: () => missing }
}

/** When all is whole, visitors come to the edges of all full hosts, until there is something to lose. */
export async function visitAll(place: HostsPlace, story: FaultOfHosts): Promise<void> {
  await story.ready()
  await story.visit(place.hosts.filter(({ full }) => full))
  await story.underWay()
}

/** The longest time without an acknowledged write since it struck, in seconds. */
export const silenceSince = ({ ledger, struckMs }: FaultOfHosts): number =>
  hundredths(longestGapS(ledger.acknowledged, struckMs(), performance.now()))

/** Writes and requests go on for this long past the failover time before it is judged what failed after it. */
const STEADY_S = 3

async function takenOver(
  place: HostsPlace,
  { acknowledged }: HostLedger,
  atMs: number,
  edges: readonly LabHost[],
): Promise<void> {
  const { signal } = place
  const before = acknowledged.findLast((one) => one.atMs <= atMs)?.server
  const first = () => seenAt(acknowledged, edges).find((one) => one.atMs > atMs && one.server !== before)
  place.show('Waiting until another server acknowledges writes')
  await secondsUntil({ timeoutS: PATIENCE_S, signal }, () => first() !== undefined)
  const success = first()
  if (success === undefined) return
  place.mark('first success', { at: success.atMs })
  const untilMs = Math.max(success.atMs, atMs + FAILOVER_S * 1000) + STEADY_S * 1000
  await secondsUntil({ timeoutS: PATIENCE_S, signal }, () => performance.now() > untilMs)
}

const seenAt = <One extends { readonly edge: string }>(all: readonly One[], edges: readonly LabHost[]) =>
  all.filter(({ edge }) => edges.some(({ address }) => address === edge))

/** When requests were begun, in seconds since the fault. */
const begunS = (requests: readonly FailedRequest[], atMs: number) =>
  requests.map(({ begunMs }) => (begunMs - atMs) / 1000)

/** How writes and requests went at the edges of hosts that go on. */
export function measureTakeOver({ ledger, struckMs }: Watched, edges: readonly LabHost[]) {
  const atMs = struckMs()
  const plain = seenAt(ledger.failed, edges).filter(({ kind }) => kind === 'plain')
  const silenceS = longestGapS(seenAt(ledger.acknowledged, edges), atMs, performance.now())
  return {
    [SILENCE]: hundredths(silenceS),
    [PLAIN]: hundredths(Math.max(0, ...begunS(plain, atMs))),
    [FAILED_AFTER]: failedAfter({ ledger, struckMs }, edges).length,
  }
}

type Watched = Pick<FaultOfHosts, 'ledger' | 'struckMs'>

const failedAfter = ({ ledger, struckMs }: Watched, edges: readonly LabHost[]) =>
  seenAt(ledger.failed, edges).filter(({ begunMs }) => begunMs > struckMs() + FAILOVER_S * 1000)

/** How many requests failed after the failover time at these edges; where any did, when and why. */
export function tellFailedAfter(watched: Watched, edges: readonly LabHost[]): string {
  const failed = failedAfter(watched, edges)
  const why = truncate(tellFailed(failed, watched.struckMs()).join('; '), WHY_LENGTH)
  return `${failed.length} requests failed after the failover time${why && ` (${why})`}`
}

/** What failed, by its kind and reason: how often, and from when to when since the fault; what failed most comes first. */
export function tellFailed(failed: readonly FailedRequest[], atMs: number): string[] {
  const alike = Map.groupBy(failed, ({ kind, reason }) => `${kind}: ${reason}`)
  return [...alike]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([what, all]) => {
      const [from, to] = [Math.min, Math.max].map((pick) => hundredths(pick(...begunS(all, atMs))))
      return `${all.length} failed, begun ${from} to ${to} s after the fault: ${what}`
    })
}

const lastFailed = (failed: readonly FailedRequest[], atMs: number): Summary['figures'] => {
  if (failed.length === 0) return {}
  return { [LAST_FAILED]: { value: hundredths(Math.max(...begunS(failed, atMs))), unit: 's' } }
}

async function sumUp(
  place: HostsPlace,
  ledger: HostLedger,
  struck: Struck,
  wholeS: number,
): Promise<Summary> {
  await ledger.stop()
  await markRecordedByHosts(place, struck)
  const lost = await ledger.findLost()
  const { acknowledged, failed } = ledger
  for (const line of tellFailed(failed, struck.atMs).slice(0, REASONS)) place.say(line)
  return {
    values: {
      [LOST]: lost.length,
      [LATE]: lateAcknowledgements(acknowledged).length,
      [WHOLE]: hundredths(wholeS),
    },
    figures: {
      'acknowledged writes': { value: acknowledged.length, unit: 'writes' },
      'requests that were answered': { value: ledger.answered(), unit: 'requests' },
      'requests that failed': { value: failed.length, unit: 'requests' },
      ...lastFailed(failed, struck.atMs),
    },
    ledger: { of: 'acknowledged writes', entries: acknowledged, failed, lost },
  }
}
