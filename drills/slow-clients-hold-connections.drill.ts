import type { Incident } from '#contract/detection.ts'
import { EDGE_LIMITS } from '#platform/edge/index.ts'
import type { SlowClientEnd } from '#runtime/drivers/slow-client.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { type Capture, startCapture } from './network/capture.ts'
import { type OperatorsEye, openOperatorsEye, type Shown, secondsAfter } from './network/operators-eye.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { parsePacket } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { eventsOf, incidentOf } from './network/said.ts'
import { holdConnections, SLOW, SLOW_WAYS, type SlowWay } from './network/slow-ways.ts'
import { startVisitors, type Visitors } from './network/visitors.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const UNSERVED = 'requests of others that were not answered'
const GATHERED = 'connections that the attacker held at the same time'
const TOLD = 'time from the first slow connection until people were told'
const SHOWN = 'time from the connection that was one too many until operators saw it'
const TAKEN = 'visitors that were taken for attackers'
type Names = typeof UNSERVED | typeof GATHERED | typeof TOLD | typeof SHOWN | typeof TAKEN

const READY_S = 60
const FIRST_ANSWERS = 20
/** What the edge grants one source, and some that are just being turned away. */
const GRANTED = 1100
const SOON_S = 20
/** A share of fewer says nothing. */
const LEAST_REQUESTS = 50

/** Clients that open connections and never end a request, while people visit an app. */
export const slowClientsHoldConnections: Drill<Names> = {
  name: 'slow-clients-hold-connections',
  promises: ['NET-4'],
  needs: 'machine',
  programs: { slowhttptest: 'slowhttptest' },
  summary: 'Hold connections with requests that never end while people visit an app',
  harmless: false,
  setUp:
    'Two places outside of the platform; from one of them people visit an app over TLS. Somebody watches what is noticed, as a page of the console does.',
  fault: `From the other ${SLOW.wants} connections to the same app are wanted over TLS, for ${SLOW.seconds} s each way: by slowhttptest with headers that never end, bodies that never end and answers that are read slowly, and by a client that never ends its headers and comes again at once when it is cut off.`,
  measures: {
    [UNSERVED]: { unit: '%', limit: 5 },
    [GATHERED]: { unit: 'connections', limit: GRANTED },
    [TOLD]: { unit: 's', limit: 10 },
    [SHOWN]: { unit: 's', limit: 2 },
    [TAKEN]: { unit: 'visitors', limit: 0 },
  },
  expectedS: 100,
  begin,
}

/** What became of one way, and what had become of others' requests when it began. */
interface Tried extends SlowClientEnd {
  readonly way: SlowWay
  readonly before: Counts
}

interface Counts {
  readonly answered: number
  readonly failed: number
}

interface Scene {
  readonly outsiders: Outsider[]
  readonly tried: Tried[]
  visitors?: Visitors
  eye?: OperatorsEye
  /** At the attacker's own card: what opens connections. */
  capture?: Capture
  /** Milliseconds. */
  since: number
  /** When the first way wanted one connection more than a source may have. */
  tooManyMs?: number
  toldAfterS: number
  incident?: Incident
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'slow')
  const scene: Scene = { outsiders: [], tried: [], since: 0, toldAfterS: SOON_S }
  return {
    setUp: async () => {
      await app.deploy()
      await makeOutsiders(2, (one) => scene.outsiders.push(one))
      const people = startVisitors(place, present(scene.outsiders[0]), app.name, {
        shape: { kept: 4, fresh: 4 },
        restMs: 200,
      })
      scene.visitors = people
      await waitUntil(
        'visitors to be served',
        { timeoutS: READY_S, signal: place.signal },
        () => people.answered() >= FIRST_ANSWERS,
      )
      scene.eye = await openOperatorsEye(place.home)
    },
    fault: async () => {
      const capture = await startCapture(present(scene.outsiders[1]).enter, 'eth0', OPENS)
      scene.capture = capture
      place.mark('fault')
      scene.since = Date.now()
      const noted = waitForWord(place, scene)
      // A failure is met where it is waited for.
      noted.catch(() => undefined)
      for (const way of SLOW_WAYS) {
        scene.tried.push(await attack(place, scene, app.name, way))
        place.mark(`${way.what} ended`)
        scene.tooManyMs ??= await oneTooMany(capture)
      }
      await noted
    },
    measure: () => measure(place, scene),
    cleanUp: () =>
      endAll([
        () => scene.visitors?.stop(),
        () => scene.eye?.end(),
        () => scene.capture?.stop(),
        ...scene.outsiders.map((one) => one.remove),
        app.destroy,
      ]),
  }
}

/** Opening packets, of which the attacker sends one for each connection. */
const OPENS = ['tcp[tcpflags]', '=', 'tcp-syn']

/** When somebody asked for one connection more than a source may have; nobody was cut off before. */
async function oneTooMany(capture: Capture): Promise<number> {
  const ports = new Set<number>()
  const frames = await capture.frames()
  const found = frames.find(
    ({ bytes }) => ports.add(parsePacket(bytes).sourcePort).size > EDGE_LIMITS.connectionsPerSource,
  )
  if (found === undefined) throw new NothingProven(`the attacker wanted ${ports.size} connections only`)
  return found.atMs
}

/** Notes how long it takes until people are told. */
async function waitForWord(place: DrillPlace, scene: Scene): Promise<void> {
  const attacker = present(scene.outsiders[1])
  scene.toldAfterS = await secondsUntil({ timeoutS: SOON_S, signal: place.signal }, async () => {
    const incident = await incidentOf(place, attacker, 'exhaustion', scene.since)
    if (incident !== undefined) scene.incident = incident
    return incident !== undefined
  })
  if (scene.incident !== undefined) place.mark('people told')
}

const countsOf = (people: Visitors): Counts => ({
  answered: people.answered(),
  failed: people.failures().length,
})

async function attack(place: DrillPlace, scene: Scene, app: string, way: SlowWay): Promise<Tried> {
  const before = countsOf(present(scene.visitors))
  return { way, before, ...(await holdConnections(place, present(scene.outsiders[1]), app, way)) }
}

async function measure(place: DrillPlace, scene: Scene): Promise<Measured<Names>> {
  const { outsiders, tried, since, incident, toldAfterS } = scene
  const [visitor, attacker] = outsiders as [Outsider, Outsider]
  const people = present(scene.visitors)
  // What hangs is a failure of the way in which it was asked, or of the next one.
  await people.stop()
  for (const failure of new Set(people.failures())) place.say(`failed: ${failure}`)
  const all = countsOf(people)
  const unserved = tried.map(({ way, most, again, before }, at) => {
    const during = between(before, tried[at + 1]?.before ?? all)
    const { answered, failed } = during
    place.say(`${way.what}: held ${most}, came again ${again} times; ${answered} answered, ${failed} not`)
    return unservedOf(way, during)
  })
  const isTaken = (await eventsOf(place, 'exhaustion')).some(
    ({ src_endpoint, end_time }) => src_endpoint.ip === visitor.address && Date.parse(end_time) >= since,
  )
  const eye = present(scene.eye)
  const shown = eye.all().find((one) => isOf(one, attacker))
  const shownS = shown === undefined ? SOON_S : secondsAfter(present(scene.tooManyMs), shown)
  const held = Math.max(...tried.map(({ most }) => most))
  const again = Math.max(...tried.map((one) => one.again))
  const { answered, failed } = between(present(tried[0]).before, all)
  const told =
    incident === undefined ? 'not told' : `told: “${incident.title.replace(incident.who, 'somebody')}”`
  return {
    values: {
      [UNSERVED]: Math.max(...unserved),
      [GATHERED]: held,
      [TOLD]: hundredths(toldAfterS),
      [SHOWN]: hundredths(shownS),
      [TAKEN]: Number(isTaken),
    },
    result: `While ${SLOW.wants} slow connections were wanted over TLS in ${tried.length} ways, of which ${held} stood at the same time at most and which came again ${again} times, ${answered} of ${answered + failed} requests of others were answered. Operators saw it ${hundredths(shownS)} s after the connection that was one too many; people were ${told}.`,
    figures: { 'requests of others': { value: answered + failed, unit: 'requests' } },
  }
}

const isOf = ({ event: { kind, src_endpoint } }: Shown, { address }: Outsider) =>
  kind === 'exhaustion' && src_endpoint.ip === address

const between = (before: Counts, now: Counts): Counts => ({
  answered: now.answered - before.answered,
  failed: now.failed - before.failed,
})

/** In percent, to one digit. */
function unservedOf({ what }: SlowWay, { answered, failed }: Counts): number {
  const all = answered + failed
  if (all < LEAST_REQUESTS) throw new NothingProven(`only ${all} requests were made beside ${what}`)
  return Math.ceil((failed / all) * 1000) / 10
}
