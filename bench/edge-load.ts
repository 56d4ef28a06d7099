import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { addressesOf, INSTANCE_PORT, urlOf } from '#contract/installation.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { type Benchmark, type BenchPlace, maruOk } from './benchmark.ts'
import { type Load, type LoadResult, load, type Target } from './load.ts'
import { startPlainHaproxy } from './plain-haproxy.ts'
import { differenceOf, type Figure, figureOf, ratioOf } from './report.ts'
import { type SampleApp, withSample } from './sample-app.ts'
import { alternating } from './statistics.ts'

const BARE = 'the app itself, without TLS'
const PLAIN = 'through a plain HAProxy, TLS'
const EDGE = 'through Maru’s edge, TLS'
const NAMES = [BARE, PLAIN, EDGE] as const
type Name = (typeof NAMES)[number]

const ROUNDS = 3
/** An instance that was scaled away ends its requests first. */
const ALONE_MS = 60_000
const LOOK_MS = 100
const FULL = { connections: 32, seconds: 4 }
/** One request after the other: what the way itself takes, without a queue. */
const CALM = { connections: 1, seconds: 2 }
const FULL_TITLE = `${FULL.connections} connections`
const CALM_TITLE = 'one connection'

/** What the edge carries, and what it adds to each request. */
export const edgeLoad: Benchmark = {
  name: 'edge',
  title: 'Edge',
  method:
    'The same single instance of examples/notes (GET /health, HTTP/1.1, kept connections) is asked by h2load on the same machine in three ways, in turns: itself; through a HAProxy that does nothing but TLS, with the edge’s own TLS settings, certificate and program; and through Maru’s edge. Load tool, proxies and app share the processors.',
  measure: async (place) => {
    await installPrograms({ h2load: 'nghttp2-client' })
    return withSample(place, 'edge', async (app) => {
      await app.change()
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
      await maruOk(place, ['scale', 'web=1', '--app', app.name])
      return measureWays(place, app)
    })
  },
}

/** ADDRESS:PORT of the app's one instance, when those that were scaled away have ended. */
async function addressOf({ docker, installation }: BenchPlace, app: SampleApp): Promise<string> {
  const deadline = performance.now() + ALONE_MS
  for (;;) {
    const list = await docker.containers.list({ [LABELS.owner]: installation.id, [LABELS.app]: app.name })
    const running = list.filter(({ state }) => state === 'running')
    const address = running[0]?.addresses[addressesOf(installation).networks.apps.name]
    if (running.length === 1 && address !== undefined) return `${address}:${INSTANCE_PORT}`
    if (performance.now() > deadline) throw new Error(`${running.length} instances run instead of one`)
    await delay(LOOK_MS)
  }
}

async function measureWays(place: BenchPlace, app: SampleApp): Promise<Figure[]> {
  const { installation, folder, quick, say } = place
  const server = await addressOf(place, app)
  const host = `${app.name}.${installation.domain}`
  const plain = await startPlainHaproxy(place, { name: `${app.name}-haproxy`, host, server })
  try {
    await untilListens(plain.address)
    const url = `${urlOf(installation, host)}/health`
    const targets: Record<Name, Target> = {
      [BARE]: { url: `http://${server}/health`, connectTo: server },
      [PLAIN]: { url, connectTo: plain.address },
      [EDGE]: { url, connectTo: `127.0.0.1:${installation.ports.https}` },
    }
    const results = { full: emptyResults(), calm: emptyResults() }
    for (const [index, turn] of alternating(NAMES, quick ? 1 : ROUNDS).entries()) {
      say(`round ${index + 1}`)
      for (const name of turn) {
        place.signal.throwIfAborted()
        const shorten = (given: Load) => (quick ? { ...given, seconds: 1 } : given)
        results.full[name].push(await load(targets[name], shorten(FULL), folder))
        results.calm[name].push(await load(targets[name], shorten(CALM), folder))
      }
    }
    return figuresOf(results)
  } finally {
    await plain.remove()
  }
}

type Results = Record<Name, LoadResult[]>
const emptyResults = (): Results => ({ [BARE]: [], [PLAIN]: [], [EDGE]: [] })

async function untilListens(address: string): Promise<void> {
  const [host = '', port] = address.split(':')
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) {
    const socket = connect({ host, port: Number(port) })
    const opened = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (opened) return
    await delay(50)
  }
  throw new Error(`nothing listens at ${address}`)
}

function figuresOf({ full, calm }: { full: Results; calm: Results }): Figure[] {
  const rates = (name: Name) => full[name].map(({ requestsPerS }) => requestsPerS)
  const times = {
    [`p50, ${FULL_TITLE}`]: (name: Name) => full[name].map(({ p50Ms }) => p50Ms),
    [`p99, ${FULL_TITLE}`]: (name: Name) => full[name].map(({ p99Ms }) => p99Ms),
    [`p50, ${CALM_TITLE}`]: (name: Name) => calm[name].map(({ p50Ms }) => p50Ms),
    [`p99, ${CALM_TITLE}`]: (name: Name) => calm[name].map(({ p99Ms }) => p99Ms),
  }
  const rate = `throughput, ${FULL_TITLE}`
  const own = NAMES.flatMap((name) => [
    figureOf(name, rate, 'requests/s', rates(name)),
    ...Object.entries(times).map(([column, of]) => figureOf(name, column, 'ms', of(name))),
  ])
  const against = ([PLAIN, BARE] as const).flatMap((other) => {
    const row = `Maru’s edge against ${other}`
    return [
      ratioOf(row, rate, rates(EDGE), rates(other)),
      ...Object.entries(times).map(([column, of]) => differenceOf(row, column, 'ms', of(EDGE), of(other))),
    ]
  })
  return [...own, ...against]
}
