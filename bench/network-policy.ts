import { renderChange, renderFilter } from '#platform/network/index.ts'
import { makeNftBy, type Nft } from '#runtime/drivers/nft.ts'
import { makeNftProgram } from '#runtime/drivers/nft-program.ts'
import { makeNetwork } from '#runtime/drivers/test-networks.ts'
import type { Benchmark } from './benchmark.ts'
import { APPS, largeFilter, MEMBERS } from './large-filter.ts'
import { type Figure, figureOf } from './report.ts'

const QUICK_SHARE = 100
const ROUNDS = { whole: 5, change: 20 }

/** Rules of a size that nobody here has, in the packet filter of a network of their own. */
export const networkPolicy: Benchmark = {
  name: 'network-policy',
  title: 'Rules of the network',
  method: `${MEMBERS.toLocaleString('en')} addresses of ${APPS} apps with a rule of its own each, in a network of its own with nothing in it, by a program that stays, as the agent’s does: the processor time of making the whole filter, the time in which the kernel takes it in one transaction, and that in which it takes one address more. Goals: 250 ms and 10 ms.`,
  measure: async ({ quick }) => {
    const share = quick ? QUICK_SHARE : 1
    const network = await makeNetwork('f')
    try {
      const nft = makeNftBy(makeNftProgram(network.enter, true))
      return await figuresOf(nft, MEMBERS / share, APPS / share)
    } finally {
      await network.remove()
    }
  },
}

async function figuresOf(nft: Nft, members: number, apps: number): Promise<Figure[]> {
  const filterOf = (count: number) => largeFilter(count, apps)
  const compiling = repeat(ROUNDS.whole, () => timeCpu(() => filterOf(members)))
  const filter = filterOf(members)
  const script = renderFilter(filter)
  await nft.load(script)
  const whole: number[] = []
  for (let round = 0; round < ROUNDS.whole; round += 1) whole.push(await timeMs(() => nft.load(script)))
  const more = filterOf(members + 1)
  const [come, gone] = [renderChange(filter, more) ?? '', renderChange(more, filter) ?? '']
  const changes: number[] = []
  for (let round = 0; round < ROUNDS.change; round += 1)
    changes.push(await timeMs(() => nft.load(round % 2 === 0 ? come : gone)))
  return [
    figureOf('make the whole filter', 'processor time', 'ms', compiling),
    figureOf('apply the whole filter', 'time', 'ms', whole),
    figureOf('apply one address more or less', 'time', 'ms', changes),
  ]
}

const repeat = (times: number, work: () => number) => Array.from({ length: times }, work)

function timeCpu(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function timeMs(work: () => Promise<void>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}
