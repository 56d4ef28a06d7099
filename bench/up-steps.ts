import { type Benchmark, maruOk } from './benchmark.ts'
import { type Figure, figureOf } from './report.ts'

/** One `maru up`: its steps as it told them, and how long all of it took. */
export interface UpRun {
  readonly steps: ReadonlyArray<{ readonly title: string; readonly seconds: number }>
  readonly seconds: number
}

/** Reads the steps from what `maru up` said: `✓ Title  1.2 s`. */
export function parseUp(progress: string, seconds: number): UpRun {
  const lines = progress.matchAll(/^✓ (.+?) {2}(\d+\.\d) s$/gm)
  return {
    steps: [...lines].map(([, title = '', time]) => ({ title, seconds: Number(time) })),
    seconds,
  }
}

const ALL = 'all of it'
const REPEATS = 3

/** `maru up` by step. */
export const upSteps: Benchmark = {
  name: 'up',
  title: 'Bringing the platform up',
  method:
    'By the program’s own clock, step by step; what lies between the steps (looking at the machine, certificates) is in the last line only. The images that existed before were not built again.',
  measure: async (place) => {
    const { firstUp, quick } = place
    const again: UpRun[] = []
    for (let turn = 0; turn < (quick ? 1 : REPEATS); turn++) {
      const since = performance.now()
      const { stderr } = await maruOk(place, ['up'])
      again.push(parseUp(stderr, (performance.now() - since) / 1000))
    }
    const first = firstUp === undefined ? [] : columnOf('a new installation', [firstUp])
    return [...first, ...columnOf('everything stands already', again)]
  },
}

function columnOf(column: string, runs: readonly UpRun[]): Figure[] {
  const titles = [...new Set(runs.flatMap(({ steps }) => steps.map(({ title }) => title)))]
  const times = (title: string) =>
    runs.flatMap(({ steps }) => steps.filter((step) => step.title === title).map(({ seconds }) => seconds))
  return [
    ...titles.map((title) => figureOf(title, column, 's', times(title))),
    figureOf(
      ALL,
      column,
      's',
      runs.map(({ seconds }) => seconds),
    ),
  ]
}
