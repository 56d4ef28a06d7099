import { makeIp } from '#runtime/drivers/ip.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { answersComeTo, carryOutFlood, FLOOD, floods, forgeSenders, slowCable } from './network/flood.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { startVisitors, type Visitors } from './network/visitors.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const NEW = 'answers to new visitors that a flood cost'
const KEPT = 'answers to visitors with open connections that a flood cost'
const FAILED = 'requests that failed during the floods'
type Names = typeof NEW | typeof KEPT | typeof FAILED

const READY_S = 60
const FIRST_ANSWERS = 20
/** How long visitors are counted without a flood, before the first and after the last. */
const CALM_MS = FLOOD.seconds * 1000

/** Floods from forged senders while people visit an app. */
export const floodedFromOutside: Drill<Names> = {
  name: 'flooded-from-outside',
  promises: ['NET-4'],
  needs: 'machine',
  programs: { hping3: 'hping3' },
  summary: 'Flood the host with SYN, UDP and ICMP from forged senders while people visit an app',
  harmless: false,
  setUp:
    'Three places outside of the platform. From two of them people visit an app over TLS, ten times a second each when all is well: some with a new connection for each request, some on connections that they keep.',
  fault: `From the third hping3 sends as fast as its cable takes, ${FLOOD.mostPerSecond} packets a second, for ${FLOOD.seconds} s of each kind, from 250 forged senders.`,
  measures: {
    [NEW]: { unit: '%', limit: 30 },
    [KEPT]: { unit: '%', limit: 10 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 70,
  begin,
}

interface Crowd {
  readonly fresh: Visitors
  readonly kept: Visitors
}

/** Answers a second to each kind of visitor. */
interface Pace {
  readonly fresh: number
  readonly kept: number
}

interface Found {
  readonly calm: readonly Pace[]
  readonly flooded: ReadonlyArray<{ readonly what: string; readonly perSecond: number; readonly pace: Pace }>
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'flooded')
  const outsiders: Outsider[] = []
  let crowd: Crowd | undefined
  let found: Found | undefined
  const stop = async () => {
    for (const one of crowd === undefined ? [] : [crowd.fresh, crowd.kept]) await one.stop()
  }
  return {
    setUp: async () => {
      await app.deploy()
      await makeOutsiders(3, (one) => outsiders.push(one))
      const [one, other, attacker] = outsiders as [Outsider, Outsider, Outsider]
      await forgeSenders(attacker)
      await slowCable(attacker)
      await answersComeTo({ address: attacker.address, change: makeIp([]).change })
      const visit = (from: Outsider, kept: number, fresh: number) =>
        startVisitors(place, from, app.name, { shape: { kept, fresh }, restMs: 400 })
      crowd = { fresh: visit(one, 0, 4), kept: visit(other, 4, 0) }
      const { fresh, kept } = crowd
      await waitUntil('visitors to be served', { timeoutS: READY_S, signal: place.signal }, () =>
        [fresh, kept].every((visitors) => visitors.answered() >= FIRST_ANSWERS),
      )
    },
    fault: async () => {
      const visitors = present(crowd)
      const attacker = outsiders[2] as Outsider
      const calm = [await paceOf(visitors, () => pause(CALM_MS, place.signal))]
      const flooded = []
      place.mark('fault')
      for (const flood of floods(attacker, place.installation.ports.https)) {
        let perSecond = 0
        const pace = await paceOf(visitors, async () => {
          perSecond = await carryOutFlood(attacker, flood)
        })
        flooded.push({ what: flood.what, perSecond, pace })
        place.mark(`${flood.what} flood ended`)
      }
      await pause(CALM_MS / 4, place.signal)
      calm.push(await paceOf(visitors, () => pause(CALM_MS, place.signal)))
      found = { calm, flooded }
    },
    measure: async () => {
      await stop()
      return summarize(place, present(crowd), present(found))
    },
    cleanUp: () => endAll([stop, ...outsiders.map((one) => one.remove), app.destroy]),
  }
}

async function paceOf({ fresh, kept }: Crowd, meanwhile: () => Promise<void>): Promise<Pace> {
  const before = { fresh: fresh.answered(), kept: kept.answered() }
  const since = performance.now()
  await meanwhile()
  const seconds = (performance.now() - since) / 1000
  return {
    fresh: (fresh.answered() - before.fresh) / seconds,
    kept: (kept.answered() - before.kept) / seconds,
  }
}

function summarize({ say }: DrillPlace, crowd: Crowd, { calm, flooded }: Found): Measured<Names> {
  const failures = [...crowd.fresh.failures(), ...crowd.kept.failures()]
  for (const failure of new Set(failures)) say(`failed: ${failure}`)
  const usual = (which: keyof Pace) => calm.reduce((sum, one) => sum + one[which], 0) / calm.length
  const lost = (which: keyof Pace, pace: Pace) =>
    Math.max(0, Math.round((1 - pace[which] / usual(which)) * 100))
  for (const { what, perSecond, pace } of flooded)
    say(
      `${what}, ${perSecond} a second: new ${pace.fresh.toFixed(1)} answers a second, kept ${pace.kept.toFixed(1)}`,
    )
  const most = (which: keyof Pace) => Math.max(...flooded.map(({ pace }) => lost(which, pace)))
  const paces = flooded.flatMap(({ what, perSecond, pace }) => [
    [`packets of the ${what} flood`, { value: perSecond, unit: '1/s' }] as const,
    ...(['fresh', 'kept'] as const).map(
      (which) =>
        [
          `answers during the ${what} flood, ${which === 'fresh' ? 'new' : 'kept'} connections`,
          { value: Math.round(pace[which] * 10) / 10, unit: '1/s' },
        ] as const,
    ),
  ])
  const slowest = Math.min(...flooded.map(({ perSecond }) => perSecond))
  return {
    values: { [NEW]: most('fresh'), [KEPT]: most('kept'), [FAILED]: failures.length },
    result: `During floods of SYN, UDP and ICMP, ${slowest} packets a second at least, new visitors got ${most('fresh')} % fewer answers at most and those with open connections ${most('kept')} % fewer, of ${usual('fresh').toFixed(1)} and ${usual('kept').toFixed(1)} a second; ${failures.length} requests failed.`,
    figures: Object.fromEntries(paces),
  }
}
