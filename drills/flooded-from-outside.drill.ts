import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { FLOOD, forgeSenders } from './network/flood.ts'
import { type FloodFound, type FloodsFound, floodInRounds, ROUNDS } from './network/flood-rounds.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { checkNotLockedDown } from './network/said.ts'
import { makeStrangers, type Strangers } from './network/strangers.ts'
import { type HostVisit, startVisitors, type Visitors } from './network/visitors.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const NEW = 'answers to new visitors that a flood of SYN cost'
const PROVEN = 'answers to visitors known to the host, a new connection each, that a flood of SYN cost'
const KEPT = 'answers to visitors with open connections that a flood of SYN cost'
const OTHERS = 'answers to visitors of any kind that a flood of UDP or ICMP cost'
const AFTER = 'answers to visitors of any kind that were missing between floods'
const FAILED = 'requests that failed during the floods'
type Names = typeof NEW | typeof PROVEN | typeof KEPT | typeof OTHERS | typeof AFTER | typeof FAILED

const READY_S = 30
/** So many visits make visitors known to the host; and so many come before they are counted. */
const FIRST_ANSWERS = { known: 100, counted: 400 } as const
/** Who has been here before. All other addresses of the network are used once. */
const KNOWN = { first: 1, count: 16 } as const
const NEVER_USED = { first: 256, count: 65_000 } as const

/**
 * Who visits: one kind after the other. They rest between requests, so that they ask for about half of what a host of one processor
 * serves: who asks without rest measures which processor is given to him, and not what the flood does to him.
 */
const KINDS = [
  { name: NEW, short: 'new', shape: { kept: 0, fresh: 8 }, restMs: 60, from: NEVER_USED },
  { name: PROVEN, short: 'known', shape: { kept: 0, fresh: 8 }, restMs: 60, from: KNOWN },
  { name: KEPT, short: 'kept', shape: { kept: 8, fresh: 0 }, restMs: 20, from: KNOWN },
] as const
type Kind = (typeof KINDS)[number]

/** Floods from forged senders while people visit an app. */
export const floodedFromOutside: Drill<Names> = {
  name: 'flooded-from-outside',
  promises: ['NET-4'],
  needs: 'machine',
  programs: { hping3: 'hping3' },
  summary: 'Flood the host with SYN, UDP and ICMP from forged senders while people visit an app',
  harmless: false,
  setUp:
    'Two places outside of the platform. From one of them people visit an app over TLS, eight at a time: first new ones, each request from an address that the host has never seen; then some whom it knows, with a new connection for each request; then some on connections that they keep. They rest for 60 ms between requests, and for 20 ms on a connection that they keep.',
  fault: `From the other hping3 sends, as fast as one processor can, SYN, UDP and ICMP for ${FLOOD.seconds} s each, before and between them as long into nothing, at least ${ROUNDS.least} rounds of it and at most ${ROUNDS.most} while each kind of visitors is there, until each flood's cost is known well enough, every packet from another forged sender.`,
  measures: {
    [NEW]: { unit: '%', limit: 30 },
    [PROVEN]: { unit: '%', limit: 10 },
    [KEPT]: { unit: '%', limit: 10 },
    [OTHERS]: { unit: '%', limit: 30 },
    [AFTER]: { unit: '%', limit: 15 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 330,
  begin,
}

/** What one kind of visitors got. */
interface Found extends FloodsFound {
  readonly kind: Kind
  readonly failures: readonly string[]
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'flooded')
  const outsiders: Outsider[] = []
  let strangers: Strangers | undefined
  let visitors: Visitors | undefined
  const found: Found[] = []
  const visit = async (
    { shape, restMs, from }: Pick<Kind, 'from'> & Pick<HostVisit, 'shape' | 'restMs'>,
    least: number,
  ) => {
    const sources = { prefix: present(strangers).prefix, ...from }
    const here = startVisitors(place, present(outsiders[0]), app.name, { shape, restMs, sources })
    visitors = here
    await waitUntil('visitors to be served', { timeoutS: READY_S, signal: place.signal }, () => {
      return here.answered() >= least
    })
    return here
  }
  return {
    setUp: async () => {
      await checkNotLockedDown(place)
      await app.deploy()
      await makeOutsiders(2, (one) => outsiders.push(one))
      await forgeSenders(present(outsiders[1]))
      strangers = await makeStrangers(place.installation, present(outsiders[0]))
      await strangers.forget()
      await (await visit(KINDS[1], FIRST_ANSWERS.known)).stop()
      checkKnown(await strangers.proven(), strangers.prefix)
    },
    fault: async () => {
      place.mark('fault')
      for (const kind of KINDS) {
        const here = await visit(kind, FIRST_ANSWERS.counted)
        place.say(`visitors: ${kind.short}`)
        const floods = await floodInRounds(present(outsiders[1]), place.installation.ports.https, {
          answered: here.answered,
          signal: place.signal,
        })
        tell(place.say, floods)
        await here.stop()
        if (here.answered() > kind.from.count && kind.name === NEW)
          throw new NothingProven('not every visitor was a new one')
        found.push({ kind, ...floods, failures: here.failures() })
        place.mark(`floods over the ${kind.short} ended`)
      }
    },
    measure: async () => summarize(place, found),
    cleanUp: () =>
      endAll([
        () => visitors?.stop(),
        () => strangers?.forget(),
        ...outsiders.map((one) => one.remove),
        app.destroy,
      ]),
  }
}

/** Those who have been here are known to the host, all of them, and nobody else is. */
function checkKnown(proven: ReadonlySet<string>, prefix: string): void {
  const known = Array.from({ length: KNOWN.count }, (_, at) => `${prefix}.0.${KNOWN.first + at}`)
  const missing = new Set(known).symmetricDifference(proven)
  if (missing.size > 0) throw new Error(`the host does not know its visitors as it should: ${[...missing]}`)
}

/** One line for each flood, with all its rounds. */
function tell(say: DrillPlace['say'], { flooded }: FloodsFound): void {
  for (const { what, sent, cookies, answers, share, error, shares } of flooded)
    say(
      `${what}, ${sent} packets a second, ${cookies.toFixed(0)} answered by cookies: ${answers.toFixed(1)} answers a second; of those without ${percent(share)} ± ${percent(error)}, round by round: ${shares.map(percent).join(', ')}`,
    )
}

const percent = (share: number) => `${Math.round(share * 100)} %`

/** What the worst of these floods cost, in per cent. */
const lost = ({ flooded }: Found, isOne: (what: string) => boolean) =>
  Math.max(0, ...flooded.filter(({ what }) => isOne(what)).map((one) => Math.round(costOf(one) * 100)))
/** What is not known well enough may be as much more. */
const costOf = ({ share, error, isKnown }: FloodFound) => 1 - share + (isKnown ? 0 : error)
const isSyn = (what: string) => what === 'SYN'

function summarize({ say }: DrillPlace, found: readonly Found[]): Measured<Names> {
  const failures = found.flatMap((one) => one.failures)
  for (const failure of new Set(failures)) say(`failed: ${failure}`)
  const of = (name: Names) => present(found.find(({ kind }) => kind.name === name))
  const sentOf = (at: number) => Math.min(...found.map(({ flooded }) => present(flooded[at]).sent))
  const kinds = of(NEW).flooded.map(({ what }) => what)
  const least = Math.min(...kinds.map((_, at) => sentOf(at)))
  const answers = found.flatMap((one) => {
    const named = `answers to ${one.kind.short} visitors`
    const rows = one.flooded.flatMap(({ what, answers, error }) => [
      [`${named}, ${what} flood`, answers, '1/s'] as const,
      [`${named}, ${what} flood, standard error of their share`, error * 100, '%'] as const,
    ])
    return [
      [`${named}, before floods`, one.before, '1/s'] as const,
      [`${named}, between floods`, one.between, '1/s'] as const,
      ...rows,
    ]
  })
  const bySyn = (name: Names) => lost(of(name), isSyn)
  const after = Math.max(0, ...found.map(({ before, between }) => Math.round((1 - between / before) * 100)))
  const others = Math.max(...found.map((one) => lost(one, (what) => !isSyn(what))))
  return {
    values: {
      [NEW]: bySyn(NEW),
      [PROVEN]: bySyn(PROVEN),
      [KEPT]: bySyn(KEPT),
      [OTHERS]: others,
      [AFTER]: after,
      [FAILED]: failures.length,
    },
    result: `During floods, of which ${least} packets a second at least arrived, of SYN new visitors got ${bySyn(NEW)} % fewer answers, known ones with new connections ${bySyn(PROVEN)} % and those with open connections ${bySyn(KEPT)} %, of ${found.map(({ before }) => before.toFixed(0)).join(', ')} a second; of UDP or ICMP anybody ${others} % at most, and between floods ${after} %; ${failures.length} requests failed.`,
    figures: Object.fromEntries([
      ...kinds.map((what, at) => [
        `packets of the slowest ${what} flood that arrived`,
        { value: sentOf(at), unit: 'packets/s' },
      ]),
      ...answers.map(([name, value, unit]) => [name, { value: Math.round(value * 10) / 10, unit }]),
    ]),
  }
}
