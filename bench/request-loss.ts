import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import { buildContext } from '#images/build-images.ts'
import { packContext } from '#images/layer-tar.ts'
import { type Load, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { type Benchmark, type BenchPlace, maruOk } from './benchmark.ts'
import type { Figure } from './report.ts'
import { type SampleApp, withSample } from './sample-app.ts'

const SHAPE = { kept: 12, fresh: 4 } as const

/** What changes under the visitors, and the command that brings it in. */
interface Change {
  readonly name: string
  run(place: BenchPlace, app: SampleApp): Promise<unknown>
}

const command =
  (...args: string[]) =>
  (place: BenchPlace, { name }: SampleApp) =>
    maruOk(place, [...args, '--app', name])

const CHANGES: readonly Change[] = [
  {
    name: 'deploy',
    run: async (place, app) => {
      await app.change()
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
    },
  },
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
  { name: 'edge', run: renewEdge },
]

/** How many requests fail while things change. */
export const requestLoss: Benchmark = {
  name: 'loss',
  title: 'Requests that fail while things change',
  method: `examples/notes (GET /health) is visited over TLS through the edge by ${SHAPE.kept} clients that keep their connection and ${SHAPE.fresh} that make a new one for each request, as fast as they are answered, from before each command until after it. Anything but a whole answer with status 200 has failed; no request is sent twice.`,
  measure: (place) =>
    withSample(place, 'loss', async (app) => {
      await app.change()
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
      const figures: Figure[] = []
      for (const change of place.quick ? CHANGES.slice(0, 1) : CHANGES) {
        place.say(change.name)
        figures.push(...(await measureOne(place, app, change)))
      }
      return figures
    }),
}

async function measureOne(place: BenchPlace, app: SampleApp, change: Change): Promise<Figure[]> {
  const load = await visit(place, app)
  const since = performance.now()
  try {
    await change.run(place, app)
  } finally {
    await load.stop()
  }
  const seconds = (performance.now() - since) / 1000
  const { requests, failed, slowestMs } = load.seen()
  const row = change.name
  return [
    { row, column: 'failed', value: failed, unit: 'requests' },
    { row, column: 'of', value: requests, unit: 'requests' },
    { row, column: 'slowest answer', value: Math.round(slowestMs), unit: 'ms' },
    { row, column: 'the change took', value: Number(seconds.toFixed(1)), unit: 's' },
  ]
}

async function visit({ home, installation }: BenchPlace, app: SampleApp): Promise<Load> {
  const ca = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const name = `${app.name}.${installation.domain}`
  const port = installation.ports.https
  return startHttpsLoad({ host: '127.0.0.1', port, name, ca, path: '/health' }, SHAPE)
}

/** The edge's image under its own name with a label more, as a newer one would come; afterwards the name leads back. */
async function renewEdge(place: BenchPlace): Promise<void> {
  const { docker, installation } = place
  const container = await docker.containers.inspect(`${installation.name}-edge`)
  const list = await docker.containers.list({})
  const id = list.find(({ id: one }) => one === container?.id)?.imageId ?? ''
  const image = await docker.images.find(id)
  const tag = image?.tags.find((one) => /^maru\/edge:[0-9a-f]{12}$/.test(one))
  if (image === undefined || tag === undefined) throw new Error('the image of the edge has no name')
  try {
    await buildContext(docker, packContext(`FROM ${image.id}\nLABEL maru.bench=newer\n`, []), tag)
    await maruOk(place, ['up'])
  } finally {
    await docker.images.tag(image.id, tag)
    await maruOk(place, ['up'])
  }
}
