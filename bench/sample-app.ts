import { randomInt } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pause } from '#runtime/kit/pause.ts'
import { ROOT } from '#tools/source-tree.ts'
import type { BenchPlace } from './benchmark.ts'

/** A copy of examples/notes, whose page /health tells which version it is. */
export interface SampleApp {
  readonly name: string
  readonly folder: string
  /** Changes one line, so that every deploy has something to do. Gives what /health answers from then on. */
  change(): Promise<string>
}

const DESTROY_MS = 120_000
const AGAIN_MS = 500
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
    await destroyApp(place, app.name)
    return result
  } catch (error) {
    await destroyApp(place, app.name).catch(() => place.say(`the app ${app.name} is still there`))
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

/** Destroys an app, also one that never came up, and one whose deploy was interrupted and still goes on. */
export async function destroyApp(place: BenchPlace, name: string): Promise<void> {
  const end = performance.now() + DESTROY_MS
  for (;;) {
    const { exitCode, stderr } = await place.maru(['destroy', name, '--confirm', name, '--json'], {
      putsBack: true,
    })
    if (exitCode === 0 || stderr.includes('"apps.not_found"')) return
    if (performance.now() > end) throw new Error(`${name} could not be destroyed: ${stderr.trim()}`)
    await pause(AGAIN_MS)
  }
}
