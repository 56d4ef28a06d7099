import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import { type Load, type LoadShape, type LoadTarget, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { ROOT } from '#tools/source-tree.ts'
import { type Benchmark, type BenchPlace, maruOk } from './benchmark.ts'
import { newerImage } from './newer-image.ts'
import type { Figure } from './report.ts'
import { type SampleApp, withSample } from './sample-app.ts'

const SHAPE = { kept: 12, fresh: 4 } as const
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
  {
    name: 'control plane',
    run: async (place) => {
      // A certificate that is due is made anew, and the control plane with it.
      await rm(join(place.home, HOME.control, 'tls/server.crt'))
      await maruOk(place, ['up'])
    },
  },
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
  method: `examples/notes (GET /health) is visited over TLS through the edge by ${SHAPE.kept} clients that keep their connection and ${SHAPE.fresh} that make a new one for each request, as fast as they are answered, from before each command until after it. Where it says “writing”, ${WRITERS.kept} clients more ask bench/rows-app, each time to write a row to its database; “with retries”: its driver sends again what failed. Anything but a whole answer with status 200 has failed; no request is sent twice.`,
  measure: (place) =>
    withSample(place, 'loss', async (app) => {
      await app.change()
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
      const figures: Figure[] = []
      if (place.quick) return await measureOne(place, app, DEPLOY)
      await maruOk(place, ['deploy', ROWS_APP, '--app', writerOf(app)])
      try {
        for (const change of CHANGES) {
          place.say(change.name)
          figures.push(...(await measureOne(place, app, change)))
        }
      } finally {
        await maruOk(place, ['destroy', writerOf(app), '--confirm', writerOf(app)])
      }
      return figures
    }),
}

/** The app that writes, beside the sample. */
const writerOf = ({ name }: SampleApp) => `${name}-rows`

async function measureOne(place: BenchPlace, app: SampleApp, change: Change): Promise<Figure[]> {
  const loads = [{ row: change.name, load: await visit(place, { ...SHAPE, app: app.name, path: '/health' }) }]
  if (change.writes !== undefined) {
    const again = change.writes === 'again'
    const row = `${change.name}, writing${again ? ' with retries' : ''}`
    const path = () => `/write?token=${randomUUID()}${again ? '&retry' : ''}`
    loads.push({ row, load: await visit(place, { ...WRITERS, app: writerOf(app), path }) })
  }
  const since = performance.now()
  try {
    await change.run(place, app)
  } finally {
    await Promise.all(loads.map(({ load }) => load.stop()))
  }
  const seconds = (performance.now() - since) / 1000
  return loads.flatMap(({ row, load }): Figure[] => {
    const { requests, failed, slowestMs } = load.seen()
    return [
      { row, column: 'failed', value: failed, unit: 'requests' },
      { row, column: 'of', value: requests, unit: 'requests' },
      { row, column: 'slowest answer', value: Math.round(slowestMs), unit: 'ms' },
      { row, column: 'the change took', value: Number(seconds.toFixed(1)), unit: 's' },
    ]
  })
}

type Visitors = LoadShape & { readonly app: string; readonly path: LoadTarget['path'] }

async function visit({ home, installation }: BenchPlace, { app, path, ...shape }: Visitors): Promise<Load> {
  const ca = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const name = `${app}.${installation.domain}`
  const port = installation.ports.https
  return startHttpsLoad({ host: '127.0.0.1', port, name, ca, ...(path && { path }) }, shape)
}

/** A newer image comes, and afterwards goes again. */
async function renewed(
  place: BenchPlace,
  image: 'edge' | 'patroni',
  component: string = image,
): Promise<void> {
  const leadBack = await newerImage(place.docker, image, `${place.installation.name}-${component}`)
  try {
    await maruOk(place, ['up'])
  } finally {
    await leadBack()
    await maruOk(place, ['up'])
  }
}
