import { type Kept, makeKeptTable } from '#runtime/drivers/kept-table.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { lookAgain, type Shown, shownAfter } from '#runtime/drivers/shown.ts'
import { makePortGuard, type PortGuard } from './keep-ports.ts'
import { KERNEL_SETS, type Settled, SIGN_IN_SET } from './ledger.ts'
import { elementsIn, type Member, parseMembers } from './members.ts'
import { guardTableOf } from './names.ts'
import { type Place, renderGuard } from './render-host.ts'
import { type Given, renderGiven } from './render-members.ts'
import { GIVEN_SETS } from './render-sets.ts'

/** So long what packets have done may go unseen where nothing rang. */
const SEEN_MS = 30_000

/** Keeps an installation's tables against attacks as they should be. */
export interface HostGuard extends Pick<PortGuard, 'bind' | 'expect'> {
  /** Loads rules that are missing or were changed by hand. Tells what it had to do. */
  ensure(): Promise<Kept>
  /** Who is held now. What it sees of the other sets is what `give` judges by. Between rings a glance is enough. */
  members(): Promise<Member[]>
  /** Packets have done something, so that the kernel may hold others than before. */
  ring(): void
  /** Fills the sets that packets do not fill; does nothing when they are so already. */
  give(given: Given, now: number): Promise<Kept>
  /** Tells the kernel whom to hold and whom to let go. */
  change(changes: Settled['changes']): Promise<void>
}

/** The kernel shows rules in its own words: what it showed after loading is what it must show later (`Shown`). */
export function makeHostGuard(nft: Nft, installation: Place): HostGuard {
  const table = guardTableOf(installation)
  const rules = renderGuard(installation)
  const ports = makePortGuard(nft, installation)
  const kept = makeKeptTable(nft, 'inet', table)
  let given: GivenShown = NONE_GIVEN
  let seen = ''
  const held = makeAgeing()
  /** Rings, and those among them after which the kernel was asked, and when it was. */
  let rings = 1
  let answered = 0
  let askedMs = 0
  return {
    ensure: async () => {
      const mended = await ports.ensure()
      const did = await kept.keep(rules)
      return did === 'nothing' && mended ? 'mended' : did
    },
    members: async () => {
      const heard = rings
      const isOld = performance.now() - askedMs > SEEN_MS
      const by = heard > answered || isOld ? nft : nft.glance
      if (by === nft) askedMs = performance.now()
      const shown = await by.members('inet', table, [...KERNEL_SETS, ...GIVEN_SETS])
      answered = heard
      seen = givenIn(shown)
      return held(shown)
    },
    ring: () => {
      rings += 1
    },
    give: async (wanted, now) => {
      const script = renderGiven(installation, wanted, now)
      const same = script.replaceAll(/ timeout \d+s/g, '')
      const before = given
      const asked = same === before.script ? before : undefined
      const { told, same: left } = await lookAgain(nft, asked, async () => seen)
      if (left?.isSure) {
        given = left
        return 'nothing'
      }
      // Should this fail half-way, what is seen then is not a hand's.
      given = NONE_GIVEN
      await nft.load(script)
      const text = givenIn(await nft.members('inet', table, GIVEN_SETS))
      const isSure = left !== undefined && !isByHand(withoutTimes(left.text), withoutTimes(text))
      given = { ...shownAfter(undefined, text, told), script: same, text, isSure }
      if (isSure) return 'nothing'
      const drifted = before.script !== '' && isByHand(before.text, seen)
      return asked !== undefined || drifted ? 'mended' : 'loaded'
    },
    change: async (changes) => {
      const own = changes.filter(({ set }) => set !== SIGN_IN_SET)
      if (own.length > 0) await nft.load(own.map((one) => renderChange(table, one)).join(''))
    },
    bind: ports.bind,
    expect: ports.expect,
  }
}

/** What was given, and what was then seen. */
interface GivenShown extends Shown {
  readonly script: string
  readonly text: string
}
const NONE_GIVEN: GivenShown = { script: '', text: '', isSure: false }

/** Reads who is held; of what was seen before, time has passed since. */
function makeAgeing(): (shown: string) => Member[] {
  let last = { shown: '', at: 0 }
  return (shown) => {
    const now = performance.now()
    if (shown !== last.shown) last = { shown, at: now }
    const passedS = (now - last.at) / 1000
    return parseMembers(shown)
      .map((member) => ({ ...member, leftS: member.leftS - passedS }))
      .filter(({ leftS }) => leftS > 0)
  }
}

/** What is shown of the sets that the agent fills; the time that is left to a member is another each time. */
const givenIn = (shown: string) =>
  shown
    .split(/^(?=table )/m)
    .filter((text) => GIVEN_SETS.includes(/^\s*set (\S+)/m.exec(text)?.[1] ?? ''))
    .join('')
    .replaceAll(/ expires \w+/g, '')

/** Given again, a member has the time that is left to it. */
const withoutTimes = (shown: string) => shown.replaceAll(/ timeout \w+/g, ' timeout -')

/** Whether a hand was at the members: one is there that was not given, or one is gone whose time has no end. */
function isByHand(given: string, seen: string): boolean {
  const [was, is] = [entriesOf(given), entriesOf(seen)]
  return !is.isSubsetOf(was) || [...was.difference(is)].some((entry) => !entry.includes(' timeout '))
}

/** Each member with its set. */
const entriesOf = (shown: string): ReadonlySet<string> =>
  new Set(
    elementsIn(shown).flatMap(({ set, elements }) =>
      elements.split(',').map((member) => `${set} ${member.trim()}`),
    ),
  )

/** A member's time is changed by making it anew; what is to be taken away may have gone meanwhile. */
function renderChange(table: string, { set, address, leftS }: Settled['changes'][number]): string {
  const where = `inet ${table} ${set}`
  const gone = `add element ${where} { ${address} }\ndelete element ${where} { ${address} }\n`
  return leftS === 0 ? gone : `${gone}add element ${where} { ${address} timeout ${leftS}s }\n`
}
