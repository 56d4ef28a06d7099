import { randomInt } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '#tools/source-tree.ts'
import { type BenchPlace, maruOk } from './benchmark.ts'

/** A copy of examples/notes, whose page /health tells which version it is. */
export interface SampleApp {
  readonly name: string
  readonly folder: string
  /** Changes one line, so that every deploy has something to do. Gives what /health answers from then on. */
  change(): Promise<string>
}

const ANSWER = /text: 'ok[^']*'/

/** Makes the copy for the work, which deploys it, and destroys it afterwards. What went wrong first is what is told. */
export async function withSample<T>(
  place: BenchPlace,
  what: string,
  work: (app: SampleApp) => Promise<T>,
): Promise<T> {
  const app = await makeSample(place, what)
  try {
    const result = await work(app)
    await destroySample(place, app)
    return result
  } catch (error) {
    await destroySample(place, app).catch(() => place.say(`the app ${app.name} is still there`))
    throw error
  }
}

async function makeSample(place: BenchPlace, what: string): Promise<SampleApp> {
  const name = `bench-${what}-${randomInt(36 ** 4).toString(36)}`
  const folder = join(place.folder, name)
  await cp(join(ROOT, 'examples/notes'), folder, { recursive: true })
  let version = 0
  return {
    name,
    folder,
    change: async () => {
      const file = join(folder, 'server.js')
      const answer = `ok ${++version}`
      const text = await readFile(file, 'utf8')
      if (!ANSWER.test(text)) throw new Error('examples/notes answers /health in another way now')
      await writeFile(file, text.replace(ANSWER, `text: '${answer}'`))
      return answer
    },
  }
}

/** Destroys the app, also one that never came up. */
async function destroySample(place: BenchPlace, { name }: SampleApp): Promise<void> {
  const { stdout } = await maruOk(place, ['apps', '--json'])
  const { apps } = JSON.parse(stdout) as { apps: Array<{ name: string }> }
  if (apps.some((app) => app.name === name)) await maruOk(place, ['destroy', name, '--confirm', name])
}
