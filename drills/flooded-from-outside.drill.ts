import { cookiesSent } from '#runtime/drivers/syn-cookies.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import {
  carryOutFlood,
  countedByHost,
  FLOOD,
  type Flood,
  floods,
  forgeSenders,
  goingNowhere,
  paceOfFlood,
} from './network/flood.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { makeStrangers, type Strangers } from './network/strangers.ts'
import { type HostVisit, startVisitors, type Visitors } from './network/visitors.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const NEW = 'answers to new visitors that a flood cost'
const PROVEN = 'answers to visitors known to the host, a new connection each, that a flood cost'
const KEPT = 'answers to visitors with open connections that a flood cost'
const FAILED = 'requests that failed during the floods'
type Names = typeof NEW | typeof PROVEN | typeof KEPT | typeof FAILED

const READY_S = 30
/** So many visits make visitors known to the host; and so many come before they are counted. */
const FIRST_ANSWERS = { known: 100, counted: 400 } as const
/** Who has been here before. All other addresses of the network are used once. */
const KNOWN = { first: 1, count: 16 } as const
const NEVER_USED = { first: 256, count: 65_000 } as const

/** Who visits: one kind after the other, because each takes as much of the processors as it gets. */
const KINDS = [
  { name: NEW, short: 'new', shape: { kept: 0, fresh: 8 }, from: NEVER_USED },
  { name: PROVEN, short: 'known', shape: { kept: 0, fresh: 8 }, from: KNOWN },
  { name: KEPT, short: 'kept', shape: { kept: 8, fresh: 0 }, from: KNOWN },
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
    'Two places outside of the platform. From one of them people visit an app over TLS, eight at a time and without rest: first new ones, each request from an address that the host has never seen; then some whom it knows, with a new connection for each request; then some on connections that they keep.',
  fault: `From the other hping3 sends as fast as one processor can, SYN, UDP and ICMP for ${FLOOD.seconds} s each while each kind of visitors is there, every packet from another forged sender. Before and after them it sends as much into nothing.`,
  measures: {
    [NEW]: { unit: '%', limit: 30 },
    [PROVEN]: { unit: '%', limit: 10 },
    [KEPT]: { unit: '%', limit: 10 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 85,
  begin,
}

/** What one kind of visitors got, in answers a second. */
interface Found {
  readonly kind: Kind
  readonly calm: readonly number[]
  readonly flooded: ReadonlyArray<{ readonly what: string; readonly sent: number; readonly answers: number }>
  readonly failures: readonly string[]
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'flooded')
  const outsiders: Outsider[] = []
  let strangers: Strangers | undefined
  let visitors: Visitors | undefined
  const found: Found[] = []
  const visit = async ({ shape, from }: Pick<Kind, 'from'> & Pick<HostVisit, 'shape'>, least: number) => {
    const sources = { prefix: present(strangers).prefix, ...from }
    const here = startVisitors(place, present(outsiders[0]), app.name, { shape, restMs: 0, sources })
    visitors = here
    await waitUntil('visitors to be served', { timeoutS: READY_S, signal: place.signal }, () => {
      return here.answered() >= least
    })
    return here
  }
  return {
    setUp: async () => {
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
        const paces = await floodKind(place, present(outsiders[1]), here)
        await here.stop()
        if (here.answered() > kind.from.count && kind.name === NEW)
          throw new Error('not every visitor was a new one')
        found.push({ kind, ...paces, failures: here.failures() })
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

/** Each flood in turn; without one before the first and after the last. */
async function floodKind(
  { installation, say }: DrillPlace,
  attacker: Outsider,
  visitors: Visitors,
): Promise<Pick<Found, 'calm' | 'flooded'>> {
  const all = floods(attacker, installation.ports.https)
  const send = async (flood: Flood) => {
    const [packets, cookies] = [await countedByHost(installation), await cookiesSent()]
    const [answers, since] = [visitors.answered(), performance.now()]
    await carryOutFlood(attacker, flood)
    const seconds = (performance.now() - since) / 1000
    return {
      answers: (visitors.answered() - answers) / seconds,
      packets: ((await countedByHost(installation)) - packets) / seconds,
      cookies: ((await cookiesSent()) - cookies) / seconds,
    }
  }
  const calm: number[] = []
  const noteCalm = () =>
    goingNowhere(attacker, async () => {
      const { answers, packets } = await send(all[0])
      if (packets > FLOOD.leastPerSecond / 10) throw new Error('there is another flood')
      calm.push(answers)
    })
  await noteCalm()
  const flooded = []
  for (const flood of all) {
    const { answers, packets, cookies } = await send(flood)
    const sent = paceOfFlood(flood, packets)
    flooded.push({ what: flood.what, sent, answers })
    say(
      `${flood.what}, ${sent} packets a second, ${cookies.toFixed(0)} answered by cookies: ${answers.toFixed(1)} answers a second`,
    )
    if (flood === all[0] && cookies < FLOOD.leastPerSecond / 2)
      throw new Error('the flood did not reach the edge: it was answered without SYN cookies')
  }
  await noteCalm()
  return { calm, flooded }
}

const usual = ({ calm }: Found) => calm.reduce((sum, one) => sum + one, 0) / calm.length

/** What the worst of the floods cost. */
const lost = (found: Found) =>
  Math.max(0, ...found.flooded.map(({ answers }) => Math.round((1 - answers / usual(found)) * 100)))

function summarize({ say }: DrillPlace, found: readonly Found[]): Measured<Names> {
  const failures = found.flatMap((one) => one.failures)
  for (const failure of new Set(failures)) say(`failed: ${failure}`)
  const of = (name: Names) => present(found.find(({ kind }) => kind.name === name))
  const sentOf = (at: number) => Math.min(...found.map(({ flooded }) => present(flooded[at]).sent))
  const kinds = of(NEW).flooded.map(({ what }) => what)
  const least = Math.min(...kinds.map((_, at) => sentOf(at)))
  const answers = found.flatMap((one) => {
    const named = `answers to ${one.kind.short} visitors`
    const rows = one.flooded.map(({ what, answers }) => [`${named}, ${what} flood`, answers] as const)
    return [[`${named}, no flood`, usual(one)] as const, ...rows]
  })
  return {
    values: {
      [NEW]: lost(of(NEW)),
      [PROVEN]: lost(of(PROVEN)),
      [KEPT]: lost(of(KEPT)),
      [FAILED]: failures.length,
    },
    result: `During floods of SYN, UDP and ICMP, of which ${least} packets a second at least arrived, new visitors got ${lost(of(NEW))} % fewer answers at most, known ones with new connections ${lost(of(PROVEN))} % and those with open connections ${lost(of(KEPT))} %, of ${found.map((one) => usual(one).toFixed(0)).join(', ')} a second; ${failures.length} requests failed.`,
    figures: Object.fromEntries([
      ...kinds.map((what, at) => [
        `packets of the slowest ${what} flood that arrived`,
        { value: sentOf(at), unit: 'packets/s' },
      ]),
      ...answers.map(([name, value]) => [name, { value: Math.round(value * 10) / 10, unit: '1/s' }]),
    ]),
  }
}
