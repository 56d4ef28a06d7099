import { join } from 'node:path'
import { AgentConfig, HOME } from '#contract/installation.ts'
import { readJson } from '#runtime/drivers/files.ts'
import { type BareDocker, bareDocker } from './bare-docker.ts'
import { type Benchmark, type BenchPlace, maruOk } from './benchmark.ts'
import { differenceOf, type Figure, figureOf, ratioOf } from './report.ts'
import { type SampleApp, withSample } from './sample-app.ts'
import { alternating } from './statistics.ts'

const PAIRS = 7
const COLUMN = 'a changed line, until it is online'

/** A warm deploy, against Docker by hand. */
export const deployTime: Benchmark = {
  name: 'deploy',
  title: 'Deploy',
  method:
    'examples/notes with one changed line: `maru deploy` from start to exit, and `docker build` (packages in a cached layer, same stack image) with `docker run` until the new line answers, in alternating pairs. A deploy of Maru does more: a release command, a database, two instances, health checks, draining.',
  measure: (place) =>
    withSample(place, 'deploy', async (app) => {
      const bare = await bareDocker(app, await stackImage(place))
      try {
        return await measurePairs(place, app, bare)
      } finally {
        await bare.remove()
      }
    }),
}

/** The image that the platform itself puts under Node apps. */
async function stackImage({ home }: BenchPlace): Promise<string> {
  return AgentConfig.parse(await readJson(join(home, HOME.agent, 'config.json'))).images.app
}

async function measurePairs(place: BenchPlace, app: SampleApp, bare: BareDocker): Promise<Figure[]> {
  const { quick, say, signal } = place
  const ways = {
    maru: async () => {
      await maruOk(place, ['deploy', app.folder, '--app', app.name])
    },
    bare: (answer: string) => bare.deploy(answer),
  } as const
  const seconds = { maru: [] as number[], bare: [] as number[] }
  // The first of each fills the caches and does not count.
  const first = await app.change()
  await ways.maru()
  await ways.bare(first)
  for (const [index, turn] of alternating(['maru', 'bare'] as const, quick ? 1 : PAIRS).entries()) {
    say(`pair ${index + 1}`)
    const answer = await app.change()
    for (const way of turn) {
      signal.throwIfAborted()
      const since = performance.now()
      await ways[way](answer)
      seconds[way].push((performance.now() - since) / 1000)
    }
  }
  return [
    figureOf('`maru deploy`', COLUMN, 's', seconds.maru),
    figureOf('`docker build` and `docker run`', COLUMN, 's', seconds.bare),
    differenceOf('Maru against Docker', COLUMN, 's', seconds.maru, seconds.bare),
    ratioOf('Maru against Docker', 'ratio', seconds.maru, seconds.bare),
  ]
}
