import { setTimeout as pause } from 'node:timers/promises'
import { makeOutsiders, type Outsider } from '#drills/network/other-network.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { type Benchmark, type BenchPlace, maruOk } from './benchmark.ts'
import { readProcessorTimes } from './processor-times.ts'
import { type Figure, figureOf, ratioOf } from './report.ts'
import { type SampleApp, withSample } from './sample-app.ts'
import { alternating } from './statistics.ts'

const ROUNDS = 3
const REQUESTS = { opened: 1_000, kept: 10_000, quick: 400 }
/** New connections a second: below what two processors can open. */
const RATE = 200
const CONNECTIONS = 16
const REST_S = 10
const [OPENED, KEPT] = ['a new connection for each request', 'kept connections'] as const
type Way = typeof OPENED | typeof KEPT
const [DETECTOR, REST] = ['detector', 'edge and app'] as const

/** What it takes to read along. */
export const detectorCost: Benchmark = {
  name: 'detector-cost',
  title: 'What the detector costs',
  method: `Somebody outside asks examples/notes (GET /health, TLS, HTTP/1.1) through the edge by h2load: with a new connection for each request, ${RATE} a second, and over ${CONNECTIONS} kept ones, as fast as they are answered. Processor time of the detector (Suricata) for 1,000 requests, and of the edge and the app’s instances, from the same seconds, less what both take at rest.`,
  measure: async (place) => {
    await installPrograms({ h2load: 'nghttp2-client' })
    return await withSample(place, 'detector', async (app) => {
      await app.change()
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
      const outsiders: Outsider[] = []
      try {
        await makeOutsiders(1, (one) => outsiders.push(one))
        const [outsider] = outsiders
        if (outsider === undefined) throw new Error('there is nobody outside')
        return await measureFrom(place, outsider, app)
      } finally {
        for (const one of outsiders) await one.remove()
      }
    })
  },
}

interface Watched {
  readonly detector: string
  readonly rest: readonly string[]
}

async function watchedOf({ docker, installation }: BenchPlace, app: string): Promise<Watched> {
  const all = await docker.containers.list({ [LABELS.owner]: installation.id })
  const idOf = (component: string) => all.find(({ name }) => name === `${installation.name}-${component}`)?.id
  const [detector, edge] = [idOf('detector'), idOf('edge')]
  if (detector === undefined || edge === undefined) throw new Error('there is no detector or no edge')
  const instances = all.filter(({ labels, state }) => labels[LABELS.app] === app && state === 'running')
  return { detector, rest: [edge, ...instances.map(({ id }) => id)] }
}

async function measureFrom(place: BenchPlace, outsider: Outsider, app: SampleApp): Promise<Figure[]> {
  const watched = await watchedOf(place, app.name)
  // A second right after a deploy is no rest: a quick run has none.
  const atRest = place.quick ? { detector: 0, rest: 0 } : await restOf(watched, REST_S)
  const seen: Record<Way, Record<typeof DETECTOR | typeof REST, number[]>> = {
    [OPENED]: { [DETECTOR]: [], [REST]: [] },
    [KEPT]: { [DETECTOR]: [], [REST]: [] },
  }
  for (const [round, turn] of alternating([OPENED, KEPT] as const, place.quick ? 1 : ROUNDS).entries()) {
    place.say(`round ${round + 1}`)
    for (const way of turn) {
      place.signal.throwIfAborted()
      const count = requestsOf(way, place.quick)
      const before = await timesOf(watched)
      const since = performance.now()
      await ask(place, outsider, app, way, count)
      const after = await timesOf(watched)
      const seconds = (performance.now() - since) / 1000
      const perThousand = (who: 'detector' | 'rest') =>
        ((after[who] - before[who] - atRest[who] * seconds) * 1_000_000) / count
      seen[way][DETECTOR].push(perThousand('detector'))
      seen[way][REST].push(perThousand('rest'))
    }
  }
  return ([OPENED, KEPT] as const).flatMap((way) => [
    ...([DETECTOR, REST] as const).map((who) => figureOf(way, who, 'ms', seen[way][who])),
    ratioOf(way, `${DETECTOR} against ${REST}`, seen[way][DETECTOR], seen[way][REST]),
  ])
}

const requestsOf = (way: Way, quick: boolean) =>
  quick ? REQUESTS.quick : way === OPENED ? REQUESTS.opened : REQUESTS.kept

/** Seconds of processor time that it takes in a second of its own when nobody asks for anything. */
async function restOf(watched: Watched, seconds: number) {
  const before = await timesOf(watched)
  await pause(seconds * 1000)
  const after = await timesOf(watched)
  return {
    detector: (after.detector - before.detector) / seconds,
    rest: (after.rest - before.rest) / seconds,
  }
}

/** Seconds of processor time until now. */
async function timesOf({ detector, rest }: Watched) {
  const times = await readProcessorTimes([detector, ...rest])
  const sum = (ids: readonly string[]) => ids.reduce((total, id) => total + (times.get(id) ?? 0), 0)
  return { detector: sum([detector]), rest: sum(rest) }
}

async function ask(
  { installation }: BenchPlace,
  outsider: Outsider,
  app: SampleApp,
  way: Way,
  count: number,
): Promise<void> {
  const { https } = installation.ports
  const how =
    way === OPENED ? [`--clients=${count}`, `--rate=${RATE}`] : [`--clients=${CONNECTIONS}`, '--threads=1']
  const { stdout, stderr } = await outsider.run([
    ...['h2load', '--h1', ...how, `--requests=${count}`, `--connect-to=${outsider.host}:${https}`],
    `https://${app.name}.${installation.domain}:${https}/health`,
  ])
  const answered = Number(/(\d+) 2xx/.exec(stdout)?.[1])
  if (answered !== count)
    throw new Error(`${answered} of ${count} requests were answered: ${stderr || stdout}`)
}
