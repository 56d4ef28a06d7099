import { type AppFacts, type PlacedInstance, planPlacement, planWorkload } from '#platform/workload/index.ts'
import type { Benchmark } from './benchmark.ts'
import { type Figure, figureOf } from './report.ts'

const HOSTS = 1000
const APPS = 15_000
const QUICK_SHARE = 100
const ROUNDS = 3
const MEMORY_MB = 512

/** What a cluster of a size that nobody here has would ask of the control plane: planning is pure, so it can be tried. */
export const manyHosts: Benchmark = {
  name: 'many-hosts',
  title: 'Planning for many hosts',
  method: `${HOSTS.toLocaleString('en')} simulated hosts in ten data centres and ${(2 * APPS).toLocaleString('en')} instances, two of each of ${APPS.toLocaleString('en')} apps: processor time of one plan, and the size of the state of one host as it is sent. Nothing runs and nothing is sent.`,
  measure: async ({ quick }) => {
    const share = quick ? QUICK_SHARE : 1
    return figuresOf(HOSTS / share, APPS / share)
  },
}

function figuresOf(hostCount: number, appCount: number): Figure[] {
  const hosts = Array.from({ length: hostCount }, (_, at) => ({
    name: `host-${at}`,
    dataCentre: `dc-${at % 10}`,
    roomMb: 60 * MEMORY_MB,
    standing: 'ready' as const,
  }))
  const fresh = Array.from({ length: appCount }, (_, app) => [instance(app, 1), instance(app, 2)]).flat()
  const first = planPlacement({ hosts, instances: fresh, movesLeft: 0 })
  const to = new Map(first.moves.map((move) => [move.key, move.to]))
  const placed = fresh.map((one) => ({ ...one, host: to.get(one.key) ?? null }))
  const lost = hosts.map((host, at) => (at === 0 ? { ...host, standing: 'lost' as const } : host))
  const plans: ReadonlyArray<readonly [string, () => unknown]> = [
    ['place every instance anew', () => planPlacement({ hosts, instances: fresh, movesLeft: 0 })],
    ['look, and find nothing to do', () => planPlacement({ hosts, instances: placed, movesLeft: 4 })],
    [
      'replace the instances of a lost host',
      () => planPlacement({ hosts: lost, instances: placed, movesLeft: 4 }),
    ],
  ]
  const snapshot = { generation: 1, hosts: addressed(hosts), apps: appsOf(placed) }
  const config = planWorkload(snapshot, 'host-0')
  return [
    ...plans.map(([row, plan]) => figureOf(row, 'processor time', 's', timed(plan))),
    figureOf(
      'make the state of one host',
      'processor time',
      's',
      timed(() => planWorkload(snapshot, 'host-0')),
    ),
    figureOf('make the state of one host', 'size', 'MB', [JSON.stringify(config).length / 1_000_000]),
  ]
}

const instance = (app: number, index: number): PlacedInstance => ({
  key: `app-${app}/web.${index}`,
  group: `app-${app}/web`,
  memoryMb: MEMORY_MB,
  host: null,
  still: false,
})

const addressed = (hosts: ReadonlyArray<{ readonly name: string }>) =>
  hosts.map(({ name }, at) => ({
    name,
    address: `10.1.${Math.floor(at / 250)}.${(at % 250) + 1}`,
    runsApps: true,
  }))

function appsOf(placed: readonly PlacedInstance[]): AppFacts[] {
  return [...Map.groupBy(placed, ({ group }) => group)].map(([group, own], at) => ({
    id: `app_${String(at).padStart(12, '0')}`,
    name: group.split('/')[0] ?? '',
    hostNames: [`${group.split('/')[0]}.apps.example.org`],
    releases: [
      { version: 1, image: IMAGE, processes: { web: 'node server.js' }, config: {}, databaseUrl: URL_TEXT },
    ],
    instances: own.map(({ host }, index) => ({
      host: host ?? '',
      process: 'web',
      index: index + 1,
      release: 1,
      epoch: 0,
      traffic: 'serve' as const,
    })),
    keepImages: [IMAGE],
  }))
}

const IMAGE = `sha256:${'0'.repeat(64)}`
const URL_TEXT =
  'postgres://app_000000000000_a:a-password-of-32-characters-0000@postgres.maru.internal:5432/app'

/** Processor time, so that what else runs on the machine matters less. */
function timed(work: () => unknown): number[] {
  return Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000_000
  })
}
