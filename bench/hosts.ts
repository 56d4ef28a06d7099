import { type BenchLab, FIRST, joined, pairIsApart, waitUntil, withBenchLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { type EdgesSeen, visitEdges } from './edges-visit.ts'
import { newerImage } from './newer-image.ts'
import type { Figure } from './report.ts'

const SECOND = 'dc2-h1'
const THIRD = 'dc2-h2'
const PAIR = ['postgres-1', 'postgres-2'] as const

/** What several hosts take, and what visitors notice of it. */
export const hosts: Benchmark = {
  name: 'hosts',
  title: 'Several hosts',
  method: `Hosts of a lab on this one machine, in two data centres, with warm images and an app of two instances. A host is added: from \`maru host add\` and the join, by the steps that an operator types, until it serves. Then visitors ask the app (GET /) at the edges of both data centres, and others have it write rows to its database, with a driver that sends again what failed, while things change. The hosts and the visitors share two cores.`,
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    return await withBenchLab(place, async (lab) => {
      place.say('a host is added')
      const added = await addHost(lab, SECOND, 'dc2')
      const whole = () => waitUntil('a pair on two hosts', () => pairIsApart(lab, SECOND))
      await whole()
      place.say('the pair is updated')
      const updated = await underLoad(lab, 'database minor update, the pair on two hosts', [SECOND], () =>
        updatePair(lab),
      )
      place.say('a host is drained and taken back')
      const drained = await underLoad(lab, 'host drained and taken back', [SECOND], async () => {
        await lab.maru(FIRST, 'host', 'drain', SECOND)
        await lab.maru(FIRST, 'host', 'undrain', SECOND)
        await waitUntil('both data centres', async () => new Set(await lab.placesOfApp()).size === 2)
      })
      place.say('a host is replaced')
      await lab.giveImages(THIRD)
      await joined(lab, THIRD, 'dc2')
      await waitUntil('the successor to run apps', async () => (await lab.host(THIRD))?.runsApps)
      // The edge of the host that goes is no address to ask any more.
      const replaced = await underLoad(lab, 'host replaced', [THIRD], async () => {
        await lab.maru(FIRST, 'host', 'replace', SECOND, '--with', THIRD)
        await waitUntil('a pair on the successor', () => pairIsApart(lab, THIRD))
        await waitUntil('the app on the successor', async () => (await lab.placesOfApp()).includes(THIRD))
      })
      return [...added, ...updated, ...drained, ...replaced]
    })
  },
}

async function addHost(lab: BenchLab, name: string, dataCentre: string): Promise<Figure[]> {
  await lab.giveImages(name)
  const since = performance.now()
  const row = 'a host is added'
  const after = (column: string): Figure => ({
    row,
    column,
    value: Number(((performance.now() - since) / 1000).toFixed(1)),
    unit: 's',
  })
  await joined(lab, name, dataCentre)
  const typed = after('until the commands end')
  await waitUntil('the host to run apps', async () => {
    const host = await lab.host(name)
    return host?.state === 'ready' && host.runsApps
  })
  const ready = after('until it is ready for apps')
  await waitUntil('an instance there', async () => (await lab.placesOfApp()).includes(name))
  return [typed, ready, after('until its first instance serves')]
}

/** A newer image of the database on both hosts, the one with the standby first. */
async function updatePair(lab: BenchLab): Promise<void> {
  const standbyFirst = (await lab.leader()) === PAIR[0] ? ([1, 0] as const) : ([0, 1] as const)
  for (const at of standbyFirst) {
    const [host, member] = [[FIRST, SECOND][at] ?? '', `maru-${PAIR[at]}`]
    const docker = await lab.engine(host)
    const before = (await docker.containers.inspect(member))?.id
    await newerImage(docker, 'patroni', member)
    await lab.maru(host, 'up')
    await waitUntil(`another ${member}`, async () => {
      const now = await docker.containers.inspect(member)
      return now?.state === 'running' && now.id !== before && (await lab.leader()) !== undefined
    })
  }
}

async function underLoad(
  lab: BenchLab,
  row: string,
  others: readonly string[],
  change: () => Promise<void>,
): Promise<Figure[]> {
  const addresses = [FIRST, ...others].map(lab.address)
  const stop = visitEdges(lab.home, { ...lab.visit, addresses })
  const since = performance.now()
  let seen: EdgesSeen | undefined
  try {
    await change()
  } finally {
    seen = await stop()
  }
  const seconds = Number(((performance.now() - since) / 1000).toFixed(1))
  return [
    ...figuresOf(row, seen.asking, seconds),
    ...figuresOf(`${row}, writing with retries`, seen.writing, seconds),
  ]
}

function figuresOf(row: string, edges: EdgesSeen['asking'], seconds: number): Figure[] {
  const sum = (pick: (one: EdgesSeen['asking'][number]) => number) =>
    edges.reduce((total, one) => total + pick(one), 0)
  const slowest = Math.round(Math.max(...edges.map(({ slowestMs }) => slowestMs)))
  return [
    { row, column: 'failed', value: sum(({ failed }) => failed), unit: 'requests' },
    { row, column: 'of', value: sum(({ requests }) => requests), unit: 'requests' },
    { row, column: 'slowest answer', value: slowest, unit: 'ms' },
    { row, column: 'the change took', value: seconds, unit: 's' },
  ]
}
