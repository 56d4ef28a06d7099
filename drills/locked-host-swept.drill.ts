import { GUARD_LIMITS } from '#contract/guard.ts'
import type { HostsDrill, Measured, Stages } from './drill.ts'
import { tellFailed } from './hosts/fault-of-hosts.ts'
import type { HostsPlace } from './hosts/hosts-place.ts'
import {
  LATE_S,
  type LockCourse,
  leaveToItself,
  lockAndSweep,
  lockCourse,
  openDoors,
  publicPorts,
  TRIAL_S,
  takeBack,
} from './hosts/lock-course.ts'
import { lockDown } from './hosts/lock-hosts.ts'
import { closeOtherDoors } from './hosts/other-doors.ts'
import { hundredths } from './hundredths.ts'
import { endAll } from './network/programs-on-host.ts'
import { present } from './present.ts'

const ANSWERED = 'ports besides the public ones that answered, locked down'
const MISSED = 'public ports that did not answer, locked down'
const REFUSED = 'closed ports that somebody outside learned of, locked down'
const UNLOCKED = 'closed ports of a host that a stranger learned of before'
const WENT = 'packets to an address that no rule names, locked down'
const OPERATOR = 'hosts that did not let the operator in by his rule'
const MISSING = 'parts of the platform that were missing, locked down'
const AGAIN = 'time until every door answers again, taken back'
const ENDED = 'time until a trial that nobody keeps is over, without a control plane'
const EARLY = 'hosts that ended it before its time'
const TOLD = 'answers of control planes that were to be dead'
const FAILED = 'requests of visitors that failed'
type Names =
  | typeof ANSWERED
  | typeof MISSED
  | typeof REFUSED
  | typeof UNLOCKED
  | typeof WENT
  | typeof OPERATOR
  | typeof MISSING
  | typeof AGAIN
  | typeof ENDED
  | typeof EARLY
  | typeof TOLD
  | typeof FAILED

const NAME = 'locked-host-swept'
const REASONS = 5

/** Every host of a lab is looked at from outside, locked down as an operator does it, and swept. */
export const lockedHostSwept: HostsDrill<Names> = {
  name: NAME,
  promises: ['NET-1', 'NET-8', 'NET-2', 'SYS-8'],
  needs: 'hosts',
  programs: { nmap: 'nmap', tcpdump: 'tcpdump' },
  summary: 'Lock all hosts down and sweep every port of each from outside, while people visit an app',
  harmless: false,
  setUp:
    'An app of its own is visited at the edges of both data centres. On every host, the witness too, a program listens at the port of ssh and at a high one, and a container has a port that the engine publishes; both ask somebody outside whom no rule names. From outside nmap sweeps every host, so that it is known what answers.',
  fault:
    '`maru network lock-down try`, then `keep`; the same sweep. `off`. Then `try` once more, and nobody keeps it: both control planes are killed, again whenever they start.',
  measures: {
    [ANSWERED]: { unit: 'ports', limit: 0 },
    [MISSED]: { unit: 'ports', limit: 0 },
    [REFUSED]: { unit: 'ports', limit: 0 },
    [UNLOCKED]: { unit: 'ports', limit: GUARD_LIMITS.closedPorts },
    [WENT]: { unit: 'packets', limit: 0 },
    [OPERATOR]: { unit: 'hosts', limit: 0 },
    [MISSING]: { unit: 'parts', limit: 0 },
    [AGAIN]: { unit: 's', limit: 10 },
    [ENDED]: { unit: 's', limit: TRIAL_S + LATE_S },
    [EARLY]: { unit: 'hosts', limit: 0 },
    [TOLD]: { unit: 'answers', limit: 0 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 200,
  begin,
}

function begin(place: HostsPlace): Stages<Names> {
  const course = lockCourse(place)
  return {
    setUp: () => openDoors(course, NAME),
    fault: async () => {
      place.mark('fault')
      await lockAndSweep(course)
      await takeBack(course)
      await leaveToItself(course)
    },
    measure: async () => {
      await course.story.ledger.stop()
      return sumUp(course)
    },
    cleanUp: () =>
      endAll([
        course.story.cleanUp,
        () => course.away?.end(),
        () => lockDown(course.hand, 'off'),
        ...course.endings.toReversed(),
        () => course.watch?.end(),
        () => closeOtherDoors(course.others),
        () => course.outside?.remove(),
      ]),
  }
}

function sumUp(course: LockCourse): Measured<Names> {
  const { place, story } = course
  const [before, locked] = [present(course.before), present(course.locked)]
  const expected = publicPorts(course)
  const open = new Set([...locked.sweeper.open, ...locked.stranger.open])
  const others = [...open].filter((port) => !expected.includes(port))
  const closed = [...new Set([...locked.sweeper.closed, ...locked.stranger.closed])]
  const went = [...locked.sent.values()].reduce((sum, count) => sum + count, 0)
  const { failed } = story.ledger
  tell(course, { answered: others, refused: closed, sent: [...locked.sent.keys()] })
  const values = {
    [ANSWERED]: others.length,
    [MISSED]: expected.filter((port) => !open.has(port)).length,
    [REFUSED]: closed.length,
    [UNLOCKED]: mostOfAHost(place, before.stranger.closed),
    [WENT]: went,
    [OPERATOR]: course.ways.length - course.letIn,
    [MISSING]: course.missing === undefined ? 0 : 1,
    [AGAIN]: hundredths(course.againS),
    [ENDED]: hundredths(course.endedS),
    [EARLY]: course.early,
    [TOLD]: course.told,
    [FAILED]: failed.length,
  }
  return {
    values,
    result: `Before, ${before.sweeper.open.size} ports of ${place.hosts.length} hosts answered somebody outside, ${before.sweeper.closed.size} were said to be closed, and a stranger learned of ${values[UNLOCKED]} closed ones of a host until he was held. Locked down, ${open.size} answered, of which ${others.length} are not the ${expected.length} public ones, ${closed.length} were said to be closed, and ${went} packets went where no rule leads; the operator reached ${course.letIn} of ${course.ways.length} hosts by his rule. Taken back, every door answered after ${values[AGAIN]} s. A trial that nobody kept was over after ${values[ENDED]} s on every host, with both control planes killed (${course.killed} times). ${failed.length} requests of visitors failed.`,
    figures: {
      'ports that answered before': { value: before.sweeper.open.size, unit: 'ports' },
      'ports that were said to be closed before': { value: before.sweeper.closed.size, unit: 'ports' },
      'packets to an address that no rule names, before': {
        value: [...before.sent.values()].reduce((sum, count) => sum + count, 0),
        unit: 'packets',
      },
      'time until every host is locked down': { value: hundredths(course.lockedS), unit: 's' },
      'control planes that were killed': { value: course.killed, unit: 'times' },
      'requests that were answered': { value: story.ledger.answered(), unit: 'requests' },
    },
  }
}

/** Says what is not as it should be. */
function tell(course: LockCourse, found: Readonly<Record<string, readonly string[]>>): void {
  const { place, story, missing } = course
  const { failed, acknowledged } = story.ledger
  const all = { ...found, failed: tellFailed(failed, acknowledged[0]?.atMs ?? 0) }
  for (const [what, some] of Object.entries(all))
    if (some.length > 0) place.say(`${what}: ${some.slice(0, REASONS).join(', ')}`)
  if (missing !== undefined) place.say(`missing: ${missing}`)
}

const mostOfAHost = ({ hosts }: HostsPlace, ports: ReadonlySet<string>) =>
  Math.max(...hosts.map(({ address }) => [...ports].filter((one) => one.startsWith(`${address} `)).length))
