import { isDeepStrictEqual } from 'node:util'
import type { Installation } from '#contract/installation.ts'
import type { NetworkPolicy } from '#contract/network.ts'
import { declaredIn, type Looks, type Nft } from '#runtime/drivers/nft.ts'
import { lookAgain, type Shown, shownAfter } from '#runtime/drivers/shown.ts'
import { makeInTurn } from '#runtime/kit/in-turn.ts'
import { compileFilter, tableOf } from './compile.ts'
import type { Filter } from './filter.ts'
import type { AppAddress, NetworkFacts } from './layout.ts'
import { fullNames, makePinAges, type PinAges, pinsIn, setsOfTurn, withoutPins } from './pins.ts'
import { renderChange, renderFilter } from './render.ts'

/** What had to be done so that the rules are in force: nothing, something new, or what somebody had changed by hand. */
export type Ensured = 'kept' | 'loaded' | 'restored'

/** Keeps an installation's rules in force. */
export interface HostRules {
  /** Loads what is missing, new, or was changed by hand. What was seen within `trustMs` is not looked at again. */
  ensure(policy: NetworkPolicy, facts: NetworkFacts, trustMs?: number): Promise<Ensured>
  /** Brings another policy in force for whom is known here already; does nothing before rules were brought in force. */
  follow(policy: NetworkPolicy, trustMs?: number): Promise<Ensured>
  /** Puts back what a hand has changed since; does nothing before rules were brought in force. Tells whether it had to. */
  mend(): Promise<boolean>
  /** Lets whoever gets an address have what its groups may, before it starts. */
  admit(member: AppAddress): Promise<void>
  /** The rules with their counters, as the kernel shows them. */
  counts(): Promise<string>
  /** Whether any are in force, whoever has loaded them. */
  stand(): Promise<boolean>
  /** Names for which no more addresses could be let through when the rules were looked at last. */
  fullNames(): readonly string[]
}

interface Wanted {
  readonly policy: NetworkPolicy
  readonly facts: NetworkFacts
  readonly filter: Filter
}

interface InForce extends Wanted {
  /** The rules in the kernel's own words: what it showed after loading is what it must show later. */
  readonly shown: Shown
}

/** Rules of a table that a driver loads. One change at a time. */
export function makeHostRules(
  nft: Nft,
  installation: Pick<Installation, 'id'>,
  clock: () => number = Date.now,
): HostRules {
  const table = tableOf(installation)
  const pins = makePinKeeper(nft, table, makePinAges(clock()))
  const { look, lookedAt, forget } = makeLook(nft, table, pins, clock)
  const force = makeForce(nft, pins, look)
  /** A hand's change was undone as somebody was let in; whoever looks next tells it. */
  const untold = makeNote()
  const inTurn = makeInTurn()
  const bring = makeBring(nft, force, pins, { look, lookedAt, clock })
  return {
    ensure: (policy, facts, trustMs = 0) => inTurn(() => bring(policy, facts, trustMs)),
    follow: (policy, trustMs = 0) =>
      inTurn(async () => {
        const now = force.now()
        return now === undefined ? 'kept' : await bring(policy, now.facts, trustMs)
      }),
    mend: () =>
      inTurn(async () => {
        const now = force.now()
        if (now === undefined) return untold.take()
        const { told, text, same } = await lookAgain(nft, now.shown, () => look(nft.glance))
        if (same?.isSure) {
          force.believe(same)
          return untold.take()
        }
        // Should this fail, the next pass looks again and says why.
        forget()
        await loadWhole(nft, pins.withKnown(now.filter), text)
        return !(await force.settle(told, same)) || untold.take()
      }),
    stand: async () => (await look()) !== undefined,
    counts: () => nft.counts('inet', table),
    fullNames: () => pins.full(),
    admit: (member) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const whole = inTurn(async () => {
        const now = force.now()
        if (now === undefined) return
        const { policy, facts } = now
        const others = facts.apps.filter(({ address }) => address !== member.address)
        const wanted = compiled(policy, { ...facts, apps: [...others, member] })
        const told = await nft.told()
        const did = await force.bring(wanted, await look())
        if (did === 'restored') untold.put()
        // Nobody waits for the look: it is over before the next turn.
        resolve()
        if (did !== 'kept') await force.settle(told)
      })
      return Promise.race([promise, whole])
    },
  }
}

/** Brings a policy in force; what was seen within `trustMs` is not looked at again. */
const makeBring =
  (
    nft: Nft,
    force: ReturnType<typeof makeForce>,
    pins: PinKeeper,
    {
      look,
      lookedAt,
      clock,
    }: Pick<ReturnType<typeof makeLook>, 'look' | 'lookedAt'> & { clock: () => number },
  ) =>
  async (policy: NetworkPolicy, facts: NetworkFacts, trustMs: number): Promise<Ensured> => {
    const now = force.now()
    const wanted = compiledAnew(now, policy, facts)
    const trusts = clock() - lookedAt() < trustMs && says(now, wanted)
    const told = await nft.told()
    const did = await force.bring(wanted, trusts ? now?.shown.text : await look())
    if (did !== 'kept') await force.settle(told)
    await pins.age(clock())
    return did
  }

/** Remembers what is in force. */
function makeForce(nft: Nft, pins: PinKeeper, look: () => Promise<string | undefined>) {
  let inForce: InForce | undefined
  const believe = (shown: Shown) => {
    if (inForce !== undefined) inForce = { ...inForce, shown }
  }
  return {
    now: () => inForce,
    believe,
    /** Brings rules in force, over what is shown now; what the kernel then shows is looked at by `settle`. */
    bring: async (wanted: Wanted, text: string | undefined): Promise<Ensured> => {
      const did = await loadOver(nft, pins, inForce, wanted.filter, text)
      const was = did === 'kept' ? inForce?.shown : undefined
      inForce = { ...wanted, shown: was ?? { text, isSure: false } }
      return did
    },
    /** Looks at what a load gave; tells whether that is sure. */
    settle: async (told: number | undefined, before?: Shown): Promise<boolean> => {
      const shown = shownAfter(before, await look(), told)
      believe(shown)
      return shown.isSure
    },
  }
}

/** A note that whoever takes it takes away. */
function makeNote() {
  let there = false
  return {
    put: () => {
      there = true
    },
    take: () => {
      const was = there
      there = false
      return was
    },
  }
}

/** Looks at the table, without what the resolver may change at any moment; and when that was last. */
function makeLook(nft: Nft, table: string, pins: PinKeeper, clock: () => number) {
  let last = Number.NEGATIVE_INFINITY
  return {
    look: async (by: Looks = nft) => {
      const at = clock()
      const shown = withoutPins(pins.note(await by.list('inet', table)))
      last = at
      return shown
    },
    lookedAt: () => last,
    /** What was seen is not to be trusted. */
    forget: () => {
      last = Number.NEGATIVE_INFINITY
    },
  }
}

type PinKeeper = ReturnType<typeof makePinKeeper>

/** Knows what the resolver has put into the sets of names, so that it can be put back when a hand has taken the table away. */
function makePinKeeper(nft: Nft, table: string, ages: PinAges) {
  let known: ReadonlyMap<string, readonly string[]> = new Map()
  return {
    note: (shown: string | undefined) => {
      if (shown !== undefined) known = pinsIn(shown)
      return shown
    },
    full: () => fullNames(known),
    withKnown: (filter: Filter): Filter => ({
      ...filter,
      sets: new Map(
        [...filter.sets].map(([name, all]) => [name, [...new Set([...all, ...(known.get(name) ?? [])])]]),
      ),
    }),
    age: async (now: number) => {
      const turn = ages.due(now)
      if (turn === undefined) return
      const sets = setsOfTurn(turn, known.keys())
      if (sets.length > 0) await nft.load(sets.map((set) => `flush set inet ${table} ${set}\n`).join(''))
      known = new Map([...known].filter(([set]) => !sets.includes(set)))
      ages.emptied(turn, now)
    },
  }
}

/** What is loaded is looked at afterwards, and counts as what should be there: so nothing is, without a look before. */
const says = (inForce: InForce | undefined, { filter }: Wanted) =>
  inForce !== undefined && renderChange(inForce.filter, filter) === ''

/** The very same filter where nothing that it was made of is another. */
const compiledAnew = (before: InForce | undefined, policy: NetworkPolicy, facts: NetworkFacts): Wanted =>
  before !== undefined && isDeepStrictEqual([before.policy, before.facts], [policy, facts])
    ? before
    : compiled(policy, facts)

const compiled = (policy: NetworkPolicy, facts: NetworkFacts): Wanted => ({
  ...{ policy, facts, filter: compileFilter(policy, facts) },
})

/** Loads what differs where the kernel shows what it should, else everything. */
async function loadOver(
  nft: Nft,
  pins: Pick<PinKeeper, 'withKnown'>,
  before: InForce | undefined,
  filter: Filter,
  shown: string | undefined,
): Promise<Ensured> {
  const untouched = before !== undefined && shown === before.shown.text
  const change = untouched ? renderChange(before.filter, filter) : undefined
  if (change === undefined) await loadWhole(nft, pins.withKnown(filter), shown)
  else if (change !== '') await nft.load(change)
  if (change === '') return 'kept'
  return before === undefined || untouched ? 'loaded' : 'restored'
}

async function loadWhole(nft: Nft, filter: Filter, shown: string | undefined): Promise<void> {
  try {
    await nft.load(renderFilter(filter, leftoversIn(shown, filter)))
  } catch (error) {
    if (shown === undefined) throw error
    // A table of another shape, as another version or a hand has left it, makes way in one step.
    const at = `table inet ${filter.table}`
    await nft.load(`${at}\ndelete ${at}\n${renderFilter(filter)}`)
  }
}

/** What is in the table and does not belong to the filter. */
function leftoversIn(shown: string | undefined, { chains, sets, maps }: Filter) {
  const named = (kind: 'chain' | 'set' | 'map') => declaredIn(shown ?? '', kind)
  const names = new Set(chains.map(({ name }) => name))
  return {
    chains: named('chain').filter((name) => !names.has(name)),
    sets: named('set').filter((name) => !sets.has(name)),
    maps: named('map').filter((name) => !maps.has(name)),
  }
}
