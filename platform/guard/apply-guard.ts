import type { Installation } from '#contract/installation.ts'
import { declaredIn, type Nft } from '#runtime/drivers/nft.ts'
import { makePortGuard, type PortGuard } from './keep-ports.ts'
import { KERNEL_SETS, type Settled, SIGN_IN_SET } from './ledger.ts'
import { elementsIn, type Member, parseMembers } from './members.ts'
import { guardTableOf, portTableOf } from './names.ts'
import { type Place, renderGuard } from './render-host.ts'
import { type Given, renderGiven } from './render-members.ts'
import { GIVEN_SETS } from './render-sets.ts'

/** What had to be done: nothing, something new, or what somebody had changed by hand. */
export type Guarded = 'nothing' | 'loaded' | 'mended'

/** So long what packets have done may go unseen where nothing rang. */
const SEEN_MS = 30_000

/** Keeps an installation's tables against attacks as they should be. */
export interface HostGuard extends Pick<PortGuard, 'bind' | 'expect'> {
  /** Loads rules that are missing or were changed by hand. Tells what it had to do. */
  ensure(): Promise<Guarded>
  /** Who is held now. What it sees of the other sets is what `give` judges by. Between rings a glance is enough. */
  members(): Promise<Member[]>
  /** Packets have done something, so that the kernel may hold others than before. */
  ring(): void
  /** Fills the sets that packets do not fill; does nothing when they are so already. */
  give(given: Given, now: number): Promise<Guarded>
  /** Tells the kernel whom to hold and whom to let go. */
  change(changes: Settled['changes']): Promise<void>
}

/** The kernel shows rules in its own words: what it showed after loading is what it must show later. */
export function makeHostGuard(nft: Nft, installation: Place): HostGuard {
  const table = guardTableOf(installation)
  const rules = renderGuard(installation)
  const ports = makePortGuard(nft, installation)
  let loaded: string | undefined
  let given = { script: '', shown: '' }
  let seen = ''
  const held = makeAgeing()
  /** Rings, and those among them after which the kernel was asked, and when it was. */
  let rings = 1
  let answered = 0
  let askedMs = 0
  return {
    ensure: async () => {
      const mended = await ports.ensure()
      const shown = await nft.glance.rules('inet', table)
      if (loaded !== undefined && shown === loaded) return mended ? 'mended' : 'nothing'
      await loadOver(nft, table, rules, shown)
      given = { script: '', shown: '' }
      const did = loaded === undefined ? 'loaded' : 'mended'
      loaded = await nft.rules('inet', table)
      return did
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
      if (same === given.script && seen === given.shown) return 'nothing'
      const drifted = given.script !== '' && isByHand(given.shown, seen)
      const did = same === given.script || drifted ? 'mended' : 'loaded'
      // Should this fail half-way, what is seen then is not a hand's.
      given = { script: '', shown: '' }
      await nft.load(script)
      given = { script: same, shown: givenIn(await nft.members('inet', table, GIVEN_SETS)) }
      return did
    },
    change: async (changes) => {
      const own = changes.filter(({ set }) => set !== SIGN_IN_SET)
      if (own.length > 0) await nft.load(own.map((one) => renderChange(table, one)).join(''))
    },
    bind: ports.bind,
    expect: ports.expect,
  }
}

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

/** A newer program can want other sets than the kernel has: only then the table is made anew. The agent remembers. */
async function loadOver(nft: Nft, table: string, rules: string, shown: string | undefined): Promise<void> {
  try {
    await nft.load(`${rules}${withoutStrangers(table, rules, shown)}`)
  } catch (error) {
    if (shown === undefined) throw error
    await nft.load(`delete table inet ${table}\n${rules}`)
  }
}

/** Takes away chains that a hand has put into the table. */
function withoutStrangers(table: string, rules: string, shown = ''): string {
  const own = new Set(declaredIn(rules, 'chain'))
  const strangers = declaredIn(shown, 'chain').filter((name) => !own.has(name))
  return ['flush', 'delete']
    .flatMap((verb) => strangers.map((name) => `${verb} chain inet ${table} ${name}\n`))
    .join('')
}

/** A member's time is changed by making it anew; what is to be taken away may have gone meanwhile. */
function renderChange(table: string, { set, address, leftS }: Settled['changes'][number]): string {
  const where = `inet ${table} ${set}`
  const gone = `add element ${where} { ${address} }\ndelete element ${where} { ${address} }\n`
  return leftS === 0 ? gone : `${gone}add element ${where} { ${address} timeout ${leftS}s }\n`
}

/** Removes an installation's tables. */
export async function removeHostGuard(nft: Nft, installation: Pick<Installation, 'id'>): Promise<void> {
  await nft.remove('inet', guardTableOf(installation))
  await nft.remove('bridge', portTableOf(installation))
}
