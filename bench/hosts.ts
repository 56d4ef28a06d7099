import { installPrograms } from '#tools/install-programs.ts'
import { type BenchLab, FIRST, PAGE, pairIsApart, waitUntil, withBenchLab } from './bench-lab.ts'
import type { Benchmark, BenchPlace } from './benchmark.ts'
import { figuresOfChange } from './change-figures.ts'
import { type EdgesSeen, STEADY, visitEdges } from './edges-visit.ts'
import { CHANGES, type Change, SECOND } from './host-changes.ts'
import type { Figure } from './report.ts'

/** What several hosts take, and what visitors notice of it. */
export const hosts: Benchmark = {
  name: 'hosts',
  title: 'Several hosts',
  method: `Hosts of a lab on this one machine, in two data centres, with warm images and two apps of two instances. A host is added: from \`maru host add\` and the join, by the steps that an operator types, until it serves. Then things change under visitors of the edges of both data centres: at each edge ${STEADY} clients of wrk ask for a page of a static site (examples/static-site) as fast as they are answered, on connections that they keep, another one asks bench/rows-app on new connections (GET /), resting between two requests, and two have it write rows to its database, with a driver that sends again what failed. An update is a newer image, which \`maru up\` brings in on one host and then on the other; so many containers were others afterwards, each that ran on the image before. Where a host is replaced its own edge is asked, too, until nothing is left on it and its visitors are sent elsewhere, just before it is removed. The hosts and the visitors share two cores: the requests a second are what that leaves.`,
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    await installPrograms({ wrk: 'wrk' })
    return await withBenchLab(place, async (lab) => {
      place.say('a host is added')
      const figures = await addHost(lab, SECOND)
      await waitUntil('a pair on two hosts', () => pairIsApart(lab, SECOND))
      await lab.maru(FIRST, 'deploy', 'examples/static-site', '--app', PAGE)
      for (const change of CHANGES) {
        place.say(change.name)
        await change.before?.(lab)
        figures.push(...(await underLoad(place, lab, change)))
      }
      return figures
    })
  },
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

async function underLoad(
  { folder, signal }: BenchPlace,
  lab: BenchLab,
  { name, beside, run }: Change,
): Promise<Figure[]> {
  const visitors = await visitEdges({ folder }, lab, [FIRST, ...beside])
  const since = performance.now()
  let seen: EdgesSeen | undefined
  let replaced: readonly string[] | undefined
  try {
    replaced = await run({ lab, visitors, signal })
  } finally {
    seen = await visitors.stop()
  }
  const seconds = (performance.now() - since) / 1000
  return [
    ...figuresOfChange(name, seen.asking, seconds),
    ...(replaced === undefined
      ? []
      : [{ row: name, column: 'replaced', value: replaced.length, unit: 'containers' }]),
    ...figuresOfChange(`${name}, writing with retries`, seen.writing, seconds),
  ]
}
