import { newerImage } from '#drills/newer-image.ts'
import { type BenchLab, FIRST, pairIsApart, waitUntil, withBenchLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { figuresOfChange } from './change-figures.ts'
import { type EdgesSeen, visitEdges } from './edges-visit.ts'
import type { Figure } from './report.ts'

const SECOND = 'dc2-h1'
const THIRD = 'dc2-h2'

/** What several hosts take, and what visitors notice of it. */
export const hosts: Benchmark = {
  name: 'hosts',
  title: 'Several hosts',
  method: `Hosts of a lab on this one machine, in two data centres, with warm images and an app of two instances. A host is added: from \`maru host add\` and the join, by the steps that an operator types, until it serves. Then visitors ask the app (GET /) at the edges of both data centres, and others have it write rows to its database, with a driver that sends again what failed, while things change: an update is a newer image, which \`maru up\` brings in on one host and then on the other. The hosts and the visitors share two cores.`,
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    return await withBenchLab(place, async (lab) => {
      place.say('a host is added')
      const figures = await addHost(lab, SECOND)
      await waitUntil('a pair on two hosts', () => pairIsApart(lab, SECOND))
      for (const change of CHANGES) {
        place.say(change.name)
        await change.before?.(lab)
        figures.push(...(await underLoad(lab, change)))
      }
      return figures
    })
  },
}

/** What changes under the visitors, by what an operator types. */
interface Change {
  readonly name: string
  /** Whose edge is asked besides that of the first host. */
  readonly beside: typeof SECOND | typeof THIRD
  before?(lab: BenchLab): Promise<void>
  run(lab: BenchLab): Promise<void>
}

const CHANGES: readonly Change[] = [
  {
    name: 'host agent, host after host',
    beside: SECOND,
    run: (lab) => onBoth((host) => lab.maru(host, 'up', '--renew', 'app', '--no-stack-roll')),
  },
  {
    name: 'newer stack of apps',
    beside: SECOND,
    run: async (lab) => void (await lab.maru(FIRST, 'stack', 'roll')),
  },
  {
    name: 'control plane and agent, host after host',
    beside: SECOND,
    run: (lab) => onBoth((host) => updated(lab, host, 'platform', 'agent')),
  },
  {
    name: 'edge and the ways between hosts, host after host',
    beside: SECOND,
    run: (lab) => onBoth((host) => updated(lab, host, 'edge', 'edge')),
  },
  { name: 'database minor update, the pair on two hosts', beside: SECOND, run: updatePair },
  {
    name: 'host drained and taken back',
    beside: SECOND,
    run: async (lab) => {
      await lab.maru(FIRST, 'host', 'drain', SECOND)
      await lab.maru(FIRST, 'host', 'undrain', SECOND)
      await waitUntil('both data centres', async () => new Set(await lab.placesOfApp()).size === 2)
    },
  },
  {
    name: 'host replaced',
    // The edge of the host that goes is no address to ask any more.
    beside: THIRD,
    before: async (lab) => {
      await lab.giveImages(THIRD)
      await lab.join(THIRD)
      await waitUntil('the successor to run apps', async () => (await lab.host(THIRD))?.runsApps)
    },
    run: async (lab) => {
      await lab.maru(FIRST, 'host', 'replace', SECOND, '--with', THIRD)
      await waitUntil('a pair on the successor', () => pairIsApart(lab, THIRD))
      await waitUntil('the app on the successor', async () => (await lab.placesOfApp()).includes(THIRD))
    },
  },
]

/** The first host comes last, as an operator would have it. */
async function onBoth(change: (host: string) => Promise<unknown>): Promise<void> {
  for (const host of [SECOND, FIRST]) await change(host)
}

async function addHost(lab: BenchLab, name: string): Promise<Figure[]> {
  await lab.giveImages(name)
  const since = performance.now()
  const row = 'a host is added'
  const after = (column: string): Figure => ({
    row,
    column,
    value: Number(((performance.now() - since) / 1000).toFixed(1)),
    unit: 's',
  })
  await lab.join(name)
  const typed = after('until the commands end')
  await waitUntil('the host to run apps', async () => {
    const host = await lab.host(name)
    return host?.state === 'ready' && host.runsApps
  })
  const ready = after('until it is ready for apps')
  await waitUntil('an instance there', async () => (await lab.placesOfApp()).includes(name))
  return [typed, ready, after('until its first instance serves')]
}

/** A newer image of a part comes to a host, where `maru up` brings it in. */
async function updated(
  lab: BenchLab,
  host: string,
  image: Parameters<typeof newerImage>[1],
  component: string,
): Promise<void> {
  const docker = await lab.engine(host)
  const container = `maru-${component}`
  const before = (await docker.containers.inspect(container))?.id
  await newerImage(docker, image, container)
  await lab.maru(host, 'up')
  await waitUntil(`another ${container}`, async () => {
    const now = await docker.containers.inspect(container)
    return now?.state === 'running' && now.id !== before && (await lab.leader()) !== undefined
  })
}

/** A newer image of the database on both hosts, the one with the standby first. */
async function updatePair(lab: BenchLab): Promise<void> {
  const members = [
    [FIRST, 'postgres-1'],
    [SECOND, 'postgres-2'],
  ] as const
  const leader = await lab.leader()
  const standbyFirst = [...members].sort(([, one]) => (one === leader ? 1 : -1))
  for (const [host, member] of standbyFirst) await updated(lab, host, 'patroni', member)
}

async function underLoad(lab: BenchLab, { name, beside, run }: Change): Promise<Figure[]> {
  const addresses = [FIRST, beside].map(lab.address)
  const stop = visitEdges(lab.home, { ...lab.visit, addresses })
  const since = performance.now()
  let seen: EdgesSeen | undefined
  try {
    await run(lab)
  } finally {
    seen = await stop()
  }
  const seconds = (performance.now() - since) / 1000
  return [
    ...figuresOfChange(name, seen.asking, seconds),
    ...figuresOfChange(`${name}, writing with retries`, seen.writing, seconds),
  ]
}
