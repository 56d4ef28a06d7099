import { join } from 'node:path'
import { type Finding, GUARD_LIMITS, type GuardOrders, type GuardReport } from '#contract/guard.ts'
import { HOME } from '#contract/installation.ts'
import {
  asAgreed,
  describeHolds,
  logGroupOf,
  type Member,
  makeLongView,
  makeSpreadView,
  parseNotice,
  settleHolds,
} from '#platform/guard/host.ts'
import { crowds } from '#runtime/drivers/crowds.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import { followPacketLog } from '#runtime/drivers/packet-log.ts'
import { setSysctls } from '#runtime/drivers/sysctl.ts'
import { pause } from '#runtime/kit/pause.ts'
import { watchCrowd } from './crowd-watch.ts'
import { type Bell, makeBell } from './guard-bell.ts'
import { GATHER_MS, reportOf } from './guard-report.ts'
import {
  appAt,
  type GuardConfig,
  type GuardDeps,
  openState,
  type PortsOf,
  type State,
} from './guard-state.ts'
import type { MendBook } from './mend-book.ts'
import { type InstancePort, takeNotice } from './take-notice.ts'

export type { InstancePort } from './take-notice.ts'

/** Keeps attackers out of the host, remembers them over restarts, and tells of them. */
export interface Guard {
  /** Binds the ports of the instances that run, of builds, or of the platform's own parts; the others stay. Tells whether that had to change. */
  bind(ports: readonly InstancePort[], of?: PortsOf): Promise<boolean>
  /** Lets whoever gets an address speak as that until its port is bound: before it starts. */
  expect(address: string): Promise<void>
  putOrders(orders: GuardOrders): Promise<void>
  /** Whose instance has an address here. */
  appAt(address: string): string | null
  /** Takes what the detector found. */
  noteFinding(finding: Finding): void
  /** Takes that a name has more answers than there is room for. */
  noteFullName(name: string): void
  /** What has happened after a number; waits at most so long for something to happen. */
  report(after: number, waitMs: number, signal: AbortSignal): Promise<GuardReport>
  /** What a hand had changed on this host, and was put back. */
  readonly mends: MendBook
  stop(): Promise<void>
}

const PASS_MS = 3_000
/** An attack rings without end, and every look is work that its victims' visitors wait for: two a second are enough. */
const APART_MS = 500

/** Starts it: the rules are in force when this resolves, unless the kernel refuses them. */
export async function startGuard(config: GuardConfig, deps: GuardDeps): Promise<Guard> {
  const ended = new AbortController()
  const folder = join(config.home, HOME.agent)
  const { network } = deps
  const state = await openState(config, deps)
  await pass(state)
  // What is found in requests changes nothing in the kernel: who follows is told, and that is all.
  const bell = makeBell()
  const news = makeBell()
  const views = { long: makeLongView(), spread: makeSpreadView() }
  const tell = () => {
    state.guard.ring()
    bell.ring()
    news.ring()
  }
  const onChange = () => {
    state.book.bump()
    tell()
  }
  const packets = followPacketLog(
    {
      ...{ group: logGroupOf(config.installation), folder, onChange, enter: network?.enter ?? [] },
      onLine: (line) => {
        const notice = parseNotice(line, Date.now())
        if (notice !== undefined && takeNotice(state, views, notice)) tell()
      },
    },
    ended.signal,
  )
  const running = Promise.all([
    keep(state, bell, news, ended.signal),
    deps.door && watchCrowd(network?.folder, atDoor(state, news), ended.signal),
  ])
  return {
    ...notesOf(state, news),
    bind: async (ports, of = 'instances') => {
      state.ports = [...state.bound.set(of, ports).values()].flat()
      return await state.guard.bind(state.ports)
    },
    expect: state.guard.expect,
    putOrders: async (orders) => {
      await writeFileAtomic(state.files.orders, JSON.stringify(orders), { mode: 0o600 })
      state.orders = orders
      await pass(state)
      tell()
    },
    mends: state.mends,
    report: (after, waitMs, signal) => reportOf(state, packets, news, { after, waitMs, signal }),
    stop: async () => {
      ended.abort()
      tell()
      await running
    },
  }
}

/** What others have found out: it changes nothing in the kernel. */
function notesOf(state: State, news: Bell): Pick<Guard, 'appAt' | 'noteFinding' | 'noteFullName'> {
  return {
    appAt: (address) => appAt(state, address),
    noteFinding: (finding) => {
      state.book.noteFinding(asAgreed(state.orders, finding))
      news.ring()
    },
    noteFullName: (name) => {
      state.book.noteFullName(name, Date.now())
      news.ring()
    },
  }
}

async function keep(state: State, bell: Bell, news: Bell, signal: AbortSignal): Promise<void> {
  let lookedAt = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    await bell.wait(PASS_MS, signal)
    // One look is enough for all that came meanwhile.
    await pause(Math.max(GATHER_MS, lookedAt + APART_MS - performance.now()), signal)
    lookedAt = performance.now()
    const before = state.book.number()
    if (!signal.aborted) await pass(state)
    if (state.book.number() > before) news.ring()
  }
}

/** Who takes too many connections is told of sooner than the next look. */
const atDoor = (state: State, news: Bell) => async () => {
  const before = state.book.number()
  await state.door.look(state.orders, hostsOf(state))
  if (state.book.number() > before) news.ring()
}

const hostsOf = ({ membership }: State) => membership.fleet().hosts.map(({ address }) => address)

const pass = (state: State): Promise<void> => state.inTurn(() => look(state))

/** One look at the kernel, after which it is as it should be. A failure is a sentence, and tried again. */
async function look(state: State): Promise<void> {
  const { book, log } = state
  const before = JSON.stringify([state.problem, describeHolds(state.holds, Date.now())])
  const attempt = async (work: (state: State) => Promise<void>, failed: string) => {
    try {
      await work(state)
      return ''
    } catch (error) {
      const problem = `${failed}: ${error instanceof Error ? error.message : String(error)}`
      if (!state.problem.includes(problem)) log.warn('guard.failed', { error })
      return problem
    }
  }
  const problems = [
    await attempt(lookAtRules, 'The rules against attacks are not as they should be'),
    await attempt(lookAtSettings, 'A setting of the kernel against attacks could not be made'),
  ]
  state.problem = problems.filter((problem) => problem !== '').join(' ')
  if (JSON.stringify([state.problem, describeHolds(state.holds, Date.now())]) !== before) book.bump()
}

async function lookAtRules(state: State): Promise<void> {
  const { guard, book, tally, count, mends } = state
  mends.note('rules', await guard.ensure())
  const hosts = hostsOf(state)
  const others = hosts.filter((address) => address !== state.own)
  const given = {
    open: await state.open(),
    hosts: others,
    orders: state.orders,
    crowds: await tooMany(state),
  }
  const members = await guard.members()
  mends.note('members', await guard.give(given, Date.now()))
  await settle(state, hosts, members)
  if (tally.isDue(Date.now()) && tally.note(await count(), Date.now(), book.number() + 1)) book.bump()
}

async function lookAtSettings({ settings, log }: State): Promise<void> {
  for (const set of await setSysctls(settings)) log.info('guard.sysctl', { set })
}

const tooMany = ({ webPorts, shown }: State) => crowds(GUARD_LIMITS.otherConnections, webPorts, shown)

async function settle(state: State, hosts: readonly string[], inKernel: readonly Member[]): Promise<void> {
  const { guard, orders, book, files, door } = state
  const atDoor = await door.look(orders, hosts)
  const asked = [...state.wanted]
  const { holds, changes } = settleHolds(
    state.holds,
    [...inKernel, ...atDoor.members],
    [...asked, ...atDoor.wanted],
    orders.lifted,
    book.reasonOf,
    Date.now(),
  )
  await guard.change(changes)
  await door.change(changes)
  // What could not be done is wanted still.
  state.wanted.splice(0, asked.length)
  const text = JSON.stringify(holds)
  if (text !== JSON.stringify(state.holds)) await writeFileAtomic(files.holds, text, { mode: 0o600 })
  state.holds = holds
}
