import { LABELS } from '#runtime/drivers/docker.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Benchmark, BenchPlace } from './benchmark.ts'
import { readProcessorTimes } from './processor-times.ts'
import { type Figure, figureOf } from './report.ts'

/** As long as a round of the checks that the Trust page shows: they belong to what a platform does at rest. */
const WATCH_S = 300
const QUICK_S = 2
const MEGABYTE = 1024 * 1024
const ALL = 'all of them'

/** What the platform takes while nobody asks it for anything. */
export const idle: Benchmark = {
  name: 'idle',
  title: 'At rest',
  method: `Every container of the platform while nothing is deployed or asked: memory without page cache, and processor time over ${WATCH_S / 60} minutes, in which every check of the Trust page runs. The container engine itself and the apps are not among them.`,
  measure: async (place) => {
    const containers = await platformContainers(place)
    const ids = containers.map(({ id }) => id)
    const before = await readProcessorTimes(ids)
    const since = performance.now()
    await pause((place.quick ? QUICK_S : WATCH_S) * 1000, place.signal)
    place.signal.throwIfAborted()
    const seconds = (performance.now() - since) / 1000
    const after = await readProcessorTimes(ids)
    const percent = containers.map(
      ({ id }) => (((after.get(id) ?? 0) - (before.get(id) ?? 0)) / seconds) * 100,
    )
    const memory = await Promise.all(
      containers.map(async ({ id }) => ((await place.docker.containers.memoryBytes(id)) ?? 0) / MEGABYTE),
    )
    return figuresOf(
      containers.map(({ component }) => component),
      memory,
      percent,
    )
  },
}

interface Watched {
  readonly id: string
  readonly component: string
}

async function platformContainers({ docker, installation }: BenchPlace): Promise<Watched[]> {
  const list = await docker.containers.list({ [LABELS.owner]: installation.id })
  return list
    .filter(({ labels, state }) => labels[LABELS.app] === undefined && state === 'running')
    .map(({ id, name }) => ({ id, component: name.slice(installation.name.length + 1) }))
    .sort((one, other) => (one.component < other.component ? -1 : 1))
}

function figuresOf(
  names: readonly string[],
  memory: readonly number[],
  percent: readonly number[],
): Figure[] {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const rows = (column: string, unit: Figure['unit'], values: readonly number[]) => [
    ...names.map((name, index) => figureOf(name, column, unit, [values[index] ?? 0])),
    figureOf(ALL, column, unit, [sum(values)]),
  ]
  return [...rows('memory', 'MB', memory), ...rows('processor', '% of a processor', percent)]
}
