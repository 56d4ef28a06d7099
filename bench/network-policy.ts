import { compileFilter, renderChange, renderFilter } from '#platform/network/index.ts'
import { makeNftBy, type Nft } from '#runtime/drivers/nft.ts'
import { makeNftProgram } from '#runtime/drivers/nft-program.ts'
import { makeNetwork } from '#runtime/drivers/test-networks.ts'
import type { Benchmark } from './benchmark.ts'
import { APPS, largeFilter, largeWish, MEMBERS } from './large-filter.ts'
import { type Figure, figureOf } from './report.ts'

const QUICK_SHARE = 100
const ROUNDS = { whole: 9, change: 20 }

/** Rules of a size that nobody here has, in the packet filter of a network of their own. */
export const networkPolicy: Benchmark = {
  name: 'network-policy',
  title: 'Rules of the network',
  method: `${MEMBERS.toLocaleString('en')} addresses of ${APPS} apps with a rule of its own each, in a network of its own with nothing in it, by a program that stays, as the agent’s does: the processor time of making what is loaded out of the whole state that is wanted, the time in which the kernel takes it in one transaction, and the time of both, from the wanted state to the kernel having it; of the whole filter, of one address more or less, and of one rule more or less. Before each the agent looks at what the kernel has, to undo what a hand has changed: a row of its own. Goals: 250 ms from the wanted state to the kernel having it, and 10 ms for the kernel to take a change.`,
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

type Wish = ReturnType<typeof largeWish>
type Filter = ReturnType<typeof largeFilter>

async function figuresOf(nft: Nft, members: number, apps: number): Promise<Figure[]> {
  const wish = largeWish(members, apps)
  const whole = makeSamples()
  for (let round = 0; round < ROUNDS.whole; round += 1) await whole.take(nft, wish, renderFilter)
  const filter = largeFilter(members, apps)
  const look: number[] = []
  for (let round = 0; round < ROUNDS.whole; round += 1)
    look.push(await timeMs(() => nft.list('inet', filter.table)))
  const address = await measureChange(nft, wish, largeWish(members + 1, apps))
  const rule = await measureChange(nft, wish, largeWish(members, apps, 1))
  return [
    ...whole.figures('the whole filter'),
    ...address.figures('one address more or less'),
    ...rule.figures('one rule more or less'),
    figureOf('look at what the kernel has', 'the kernel’s part', 'ms', look),
  ]
}

/** What is in force by now is the first of the two wishes; it is so again afterwards. */
async function measureChange(nft: Nft, wish: Wish, other: Wish) {
  const samples = makeSamples()
  let inForce = compileFilter(wish.policy, wish.facts)
  for (let round = 0; round < ROUNDS.change; round += 1)
    inForce = await samples.take(nft, round % 2 === 0 ? other : wish, (filter) => {
      // As the agent does: where no change leads there, all of it is loaded.
      const change = renderChange(inForce, filter) ?? renderFilter(filter)
      if (change === '') throw new Error('there is nothing to change')
      return change
    })
  return samples
}

/** Times of making and loading, and of both. */
function makeSamples() {
  const seen = { making: [] as number[], loading: [] as number[], both: [] as number[] }
  return {
    take: async (nft: Nft, { policy, facts }: Wish, render: (filter: Filter) => string): Promise<Filter> => {
      const [since, cpu] = [performance.now(), process.cpuUsage()]
      const filter = compileFilter(policy, facts)
      const script = render(filter)
      const { user, system } = process.cpuUsage(cpu)
      seen.making.push((user + system) / 1000)
      seen.loading.push(await timeMs(() => nft.load(script)))
      seen.both.push(performance.now() - since)
      return filter
    },
    figures: (row: string): Figure[] => [
      figureOf(row, 'made, processor time', 'ms', seen.making),
      figureOf(row, 'the kernel’s part', 'ms', seen.loading),
      figureOf(row, 'from wanted to in force', 'ms', seen.both),
    ],
  }
}

async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}
