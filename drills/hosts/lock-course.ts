import { NETWORK_LIMITS } from '#contract/network.ts'
import { type DoorWatch, type WatchedDoor, watchDoors } from '../network/door-watch.ts'
import { startEcho } from '../network/live-line.ts'
import { present } from '../present.ts'
import { secondsUntil, waitUntil } from '../wait-until.ts'
import { type FaultOfHosts, faultOfHosts, visitAll } from './fault-of-hosts.ts'
import type { HostsPlace } from './hosts-place.ts'
import { letOperatorIn, lockDown, type OperatorsHand, operatorsHand } from './lock-hosts.ts'
import {
  type AskedOutside,
  choosePorts,
  type OtherDoors,
  type OtherPorts,
  openOtherDoors,
} from './other-doors.ts'
import { addOutsideAddresses, type OutsideAddresses } from './outside-addresses.ts'
import { type Swept, sweepHosts } from './sweep-hosts.ts'
import { whatIsMissing } from './wholeness.ts'
import { controlMissing, keepControlAway, type WithoutControl } from './without-control.ts'

const SOON_S = 30
const BACK_S = 180
export const TRIAL_S = NETWORK_LIMITS.lockDownTrialS
/** How late a host may be with the end of a trial, what was typed and the last knock included. */
export const LATE_S = 5

/** Hosts that are locked down under visitors: what is there, and what was seen. */
export interface LockCourse {
  readonly place: HostsPlace
  readonly story: FaultOfHosts
  readonly hand: OperatorsHand
  readonly ports: OtherPorts
  readonly askedAt: readonly [number, number]
  readonly endings: Array<() => unknown>
  readonly others: OtherDoors[]
  outside?: OutsideAddresses
  watch?: DoorWatch
  /** What no rule leads to, and the operator's way in. */
  doors: readonly WatchedDoor[]
  ways: readonly WatchedDoor[]
  before?: Swept
  locked?: Swept
  away?: WithoutControl
  lockedS: number
  letIn: number
  missing: string | undefined
  againS: number
  endedS: number
  early: number
  killed: number
  told: number
}

export function lockCourse(place: HostsPlace): LockCourse {
  const { ports, asked } = choosePorts()
  return {
    ...{ place, story: faultOfHosts(place), hand: operatorsHand(place), ports, askedAt: asked },
    ...{ endings: [], others: [], doors: [], ways: [], missing: undefined },
    ...{ lockedS: 0, letIn: 0, againS: 0, endedS: 0, early: 0, killed: 0, told: 0 },
  }
}

/** Has people visit, opens doors beside the platform’s, and sees that all that is to be silent later is heard now. */
export async function openDoors(course: LockCourse, drill: string): Promise<void> {
  const { place, story, ports, endings } = course
  await visitAll(place, story)
  const outside = await addOutsideAddresses(place)
  course.outside = outside
  endings.push(await letOperatorIn(course.hand, outside, drill))
  const echo = await startEcho(outside.network, course.askedAt)
  endings.push(echo.end)
  await openOtherDoors(place, ports, askedOf(course), (one) => course.others.push(one))
  course.doors = place.hosts.flatMap(({ name, address: host }) =>
    Object.entries(ports).map(([what, port]) => ({
      what: `${what} of ${name}`,
      host,
      port,
      from: outside.knocker,
    })),
  )
  course.ways = place.hosts.map(({ name, address: host }) => ({
    ...{ what: `ssh of ${name}`, host, port: ports.ssh, from: outside.operator },
  }))
  course.watch = watchDoors(outside.network, [...course.doors, ...course.ways])
  const { signal } = place
  const open = () => present(course.watch).all('open')
  await waitUntil('what the hosts carry to answer', { timeoutS: SOON_S, signal }, open)
  course.before = await sweep(course, 0)
  refuseBlindSweep(course)
}

const askedOf = ({ outside, askedAt: [program, container] }: LockCourse): AskedOutside => ({
  ...{ host: present(outside).client, program, container },
})

const sweep = (course: LockCourse, turn: 0 | 1) => {
  const outside = present(course.outside)
  const stranger = outside.strangers[turn]
  return sweepHosts(course.place, outside, { ports: course.ports, asked: askedOf(course), stranger })
}

/** Silence proves nothing where nothing would have been heard: what is to be silent has to be found before. */
function refuseBlindSweep(course: LockCourse): void {
  const { place, ports } = course
  const { sweeper, sent } = present(course.before)
  const wanted = place.hosts.flatMap(({ address }) => [
    ...Object.values(ports).map((port) => `${address} tcp ${port}`),
    `${address} udp ${ports.program}`,
  ])
  const unheard = [...wanted, ...publicPorts(course)].filter((port) => !sweeper.open.has(port))
  if (unheard.length > 0) throw new Error(`the sweep before the lock did not find ${unheard.join(', ')}`)
  const asks = place.hosts.flatMap(({ address }) => [`${address} program`, `${address} container`])
  const quiet = asks.filter((whose) => !sent.has(whose))
  if (quiet.length > 0) throw new Error(`nothing was heard outside from ${quiet.join(', ')}`)
}

/** What everybody is to reach, locked down or not. */
export const publicPorts = ({ place }: LockCourse) =>
  place.hosts
    .filter(({ full }) => full)
    .flatMap(({ address }) => Object.values(place.installation.ports).map((port) => `${address} tcp ${port}`))

/** Locks every host, on trial; gives the seconds since it was typed. */
async function tryLock(course: LockCourse): Promise<{ readonly sinceMs: number; readonly lockedS: number }> {
  const { place, doors } = course
  const sinceMs = Date.now()
  await lockDown(course.hand, 'try')
  const silent = () => present(course.watch).all('silent', doors)
  await waitUntil('every host to be locked down', { timeoutS: SOON_S, signal: place.signal }, silent)
  return { sinceMs, lockedS: (Date.now() - sinceMs) / 1000 }
}

export async function lockAndSweep(course: LockCourse): Promise<void> {
  const { place, ways } = course
  course.lockedS = (await tryLock(course)).lockedS
  place.mark('every host is locked down')
  await lockDown(course.hand, 'keep')
  course.locked = await sweep(course, 1)
  place.mark('every host is swept')
  course.letIn = ways.filter((way) => present(course.watch).all('open', [way])).length
  await secondsUntil({ timeoutS: SOON_S, signal: place.signal }, async () => {
    course.missing = await whatIsMissing(place)
    return course.missing === undefined
  })
}

/** Seconds from a moment until each door was found open; as long as it has patience where one never is. */
async function untilOpen({ place, watch, doors }: LockCourse, sinceMs: number, timeoutS: number) {
  const opened = () => doors.map((door) => present(watch).openedMs(door, sinceMs))
  const wait = { timeoutS, signal: place.signal }
  await secondsUntil(wait, () => opened().every((at) => at !== undefined))
  return opened().map((at) => (at === undefined ? timeoutS : (at - sinceMs) / 1000))
}

export async function takeBack(course: LockCourse): Promise<void> {
  const sinceMs = Date.now()
  await lockDown(course.hand, 'off')
  course.againS = Math.max(...(await untilOpen(course, sinceMs, SOON_S)))
  course.place.mark('every door answers again')
}

/** A trial that nobody keeps, with no control plane that could end it. */
export async function leaveToItself(course: LockCourse): Promise<void> {
  const { place, doors } = course
  const { sinceMs } = await tryLock(course)
  const silentMs = Date.now()
  place.mark('locked down on trial')
  course.away = keepControlAway(place)
  const afterS = (silentMs - sinceMs) / 1000
  const opened = (await untilOpen(course, silentMs, TRIAL_S + SOON_S)).map((seconds) => seconds + afterS)
  const { killed, answered } = await course.away.end()
  Object.assign(course, { killed, told: answered, endedS: Math.max(...opened) })
  const tooSoon = doors.filter((_, at) => (opened[at] ?? 0) < TRIAL_S - LATE_S)
  course.early = new Set(tooSoon.map(({ host }) => host)).size
  place.mark('the trial is over by itself')
  let missing: string | undefined
  const whole = async () => {
    missing = (await whatIsMissing(place)) ?? (await controlMissing(place))
    return missing === undefined
  }
  if ((await secondsUntil({ timeoutS: BACK_S, signal: place.signal }, whole)) >= BACK_S)
    throw new Error(`the platform is not whole again: ${missing}`)
  place.mark('heal')
}
