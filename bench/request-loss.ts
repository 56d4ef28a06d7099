import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HOME, urlOf } from '#contract/installation.ts'
import { newerImage } from '#drills/newer-image.ts'
import {
  type Load,
  type LoadSeen,
  type LoadShape,
  type LoadTarget,
  startHttpsLoad,
} from '#runtime/drivers/https-load.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { ROOT } from '#tools/source-tree.ts'
import { type Benchmark, type BenchPlace, maruOk } from './benchmark.ts'
import { figuresOfChange } from './change-figures.ts'
import type { Figure } from './report.ts'
import { destroyApp, type SampleApp, withSample } from './sample-app.ts'
import { startSteadyLoad } from './steady-load.ts'

/** Those that keep their connection ask as fast as they are answered. */
const STEADY = 2
const FRESH = { kept: 0, fresh: 2 } as const
/** Each handshake costs as much as a dozen requests. */
const FRESH_REST_MS = 50
const WRITERS = { kept: 4, fresh: 0 } as const
const ROWS_APP = join(ROOT, 'bench/rows-app')

/** What changes under the visitors, and the command that brings it in. */
interface Change {
  readonly name: string
  /** Besides, others write to a database: each write is sent once, or again when it failed. */
  readonly writes?: 'once' | 'again'
  run(place: BenchPlace, app: SampleApp): Promise<unknown>
}

const command =
  (...args: string[]) =>
  (place: BenchPlace, { name }: SampleApp) =>
    maruOk(place, [...args, '--app', name])

const DEPLOY: Change = {
  name: 'deploy',
  run: async (place, app) => {
    await app.change()
    await maruOk(place, ['deploy', app.folder, '--app', app.name])
  },
}

const CHANGES: readonly Change[] = [
  DEPLOY,
  { name: 'rollback', run: command('rollback') },
  { name: 'scaled up', run: command('scale', 'web=4') },
  { name: 'scaled down', run: command('scale', 'web=2') },
  { name: 'restart', run: command('restart') },
  { name: 'host agent', run: (place) => maruOk(place, ['up', '--renew', 'app', '--no-stack-roll']) },
  { name: 'newer stack', run: (place) => maruOk(place, ['stack', 'roll']) },
  { name: 'control plane and agent', run: (place) => renewed(place, 'platform', 'control') },
  { name: 'edge, and the way to the database', writes: 'once', run: (place) => renewed(place, 'edge') },
  {
    name: 'database minor update (switchover)',
    writes: 'again',
    run: (place) => renewed(place, 'patroni', 'postgres-1'),
  },
]

/** How many requests fail while things change. */
export const requestLoss: Benchmark = {
  name: 'loss',
  title: 'Requests that fail while things change',
  method: `examples/notes (GET /health) is visited over TLS through the edge by ${STEADY} clients of wrk that keep their connection, as fast as they are answered, and ${FRESH.fresh} that make a new one for each request and rest for ${FRESH_REST_MS} ms after it, from before each command until after it. Where it says “writing”, ${WRITERS.kept} clients more ask bench/rows-app, each time to write a row to its database; “with retries”: its driver sends again what failed. Anything but a whole answer with status 200 has failed, and so has a connection that hears nothing; no request is sent twice. wrk does not look at certificates, the others do.`,
  measure: async (place) => {
    await installPrograms({ wrk: 'wrk' })
    return await withSample(place, 'loss', async (app) => {
      await app.change()
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
      const figures: Figure[] = []
      if (place.quick) return await measureOne(place, app, DEPLOY)
      try {
        await maruOk(place, ['deploy', ROWS_APP, '--app', writerOf(app)])
        for (const change of CHANGES) {
          place.say(change.name)
          figures.push(...(await measureOne(place, app, change)))
        }
      } finally {
        await destroyApp(place, writerOf(app))
      }
      return figures
    })
  },
}

/** The app that writes, beside the sample. */
const writerOf = ({ name }: SampleApp) => `${name}-rows`

async function measureOne(place: BenchPlace, app: SampleApp, change: Change): Promise<Figure[]> {
  const loads: Array<{ readonly row: string; readonly load: Pick<Load, 'stop'> }> = []
  const since = performance.now()
  let stopped: Array<PromiseSettledResult<{ row: string; seen: LoadSeen }>> = []
  try {
    loads.push({ row: change.name, load: await steady(place, app) })
    const fresh = { ...FRESH, app: app.name, path: '/health', onEnd: rest }
    loads.push({ row: change.name, load: await visit(place, fresh) })
    if (change.writes !== undefined) loads.push(await writing(place, app, change.name, change.writes))
    await change.run(place, app)
  } finally {
    // Whatever happened, nobody goes on asking.
    stopped = await Promise.allSettled(loads.map(async ({ row, load }) => ({ row, seen: await load.stop() })))
  }
  const seconds = (performance.now() - since) / 1000
  const seen = stopped.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  return [...Map.groupBy(seen, ({ row }) => row)].flatMap(([row, all]) =>
    figuresOfChange(
      row,
      all.map((one) => one.seen),
      seconds,
    ),
  )
}

async function writing(place: BenchPlace, app: SampleApp, name: string, writes: 'once' | 'again') {
  const again = writes === 'again'
  const path = () => `/write?token=${randomUUID()}${again ? '&retry' : ''}`
  const load = await visit(place, { ...WRITERS, app: writerOf(app), path })
  return { row: `${name}, writing${again ? ' with retries' : ''}`, load }
}

const steady = ({ installation, folder }: BenchPlace, { name }: SampleApp) =>
  startSteadyLoad(
    { url: `${urlOf(installation, `${name}.${installation.domain}`)}/health`, address: '127.0.0.1' },
    STEADY,
    folder,
  )

const rest = () => pause(FRESH_REST_MS)

type Visitors = LoadShape & Pick<LoadTarget, 'path' | 'onEnd'> & { readonly app: string }

async function visit(
  { home, installation }: BenchPlace,
  { app, path, onEnd, ...shape }: Visitors,
): Promise<Load> {
  const ca = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const name = `${app}.${installation.domain}`
  const port = installation.ports.https
  return startHttpsLoad(
    { host: '127.0.0.1', port, name, ca, ...(path && { path }), ...(onEnd && { onEnd }) },
    shape,
  )
}

/** A newer image comes, and afterwards goes again; with each of them another container. */
async function renewed(
  place: BenchPlace,
  image: 'edge' | 'patroni' | 'platform',
  component: string = image,
): Promise<void> {
  const container = `${place.installation.name}-${component}`
  const idNow = async () => (await place.docker.containers.inspect(container))?.id
  const before = await idNow()
  const leadBack = await newerImage(place.docker, image, container)
  try {
    await maruOk(place, ['up'])
    if ((await idNow()) === before) throw new Error(`${container} was not replaced`)
  } finally {
    await leadBack()
    await maruOk(place, ['up'], { putsBack: true })
  }
}
