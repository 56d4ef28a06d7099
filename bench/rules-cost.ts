import { setTimeout as pause } from 'node:timers/promises'
import type { TestNetwork } from '#runtime/drivers/test-networks.ts'
import { installPrograms } from '#tools/install-programs.ts'
import type { Benchmark } from './benchmark.ts'
import { APPS, MEMBERS } from './large-filter.ts'
import { type Figure, figureOf, ratioOf } from './report.ts'
import { type Field, makeField, NONE, OURS, type Path, TRACKED, WAYS, type Way } from './rules-field.ts'
import { alternating } from './statistics.ts'

/** Many short turns: what else happens on a machine is larger than what is measured, and meets all alike. */
const ROUNDS = 20
const LOAD_S = 1
const CONNECTIONS = 8
const LISTEN_MS = 10_000

/** What the rules take from whom they let through. */
export const rulesCost: Benchmark = {
  name: 'rules-cost',
  title: 'What the rules cost',
  method: `A host in a network of its own with an instance on its bridge: with no rules at all, with connections tracked as every host with Docker does, and with the rules that a host of Maru has for ${MEMBERS.toLocaleString('en')} addresses of ${APPS} apps, against attacks, and for the ports of ${APPS} instances, in turns of a second each. On two ways: what the instance sends to an address outside that its app may reach, which the host forwards; and what the edge’s user asks the instance, the way of every request, whose bytes are those of the answer. Bridges show inet rules what passes them (br_netfilter) in all turns. iperf3 sends as much as goes over one connection; wrk has ${CONNECTIONS} connections at a time opened, asked once and closed, as fast as a small server of Node answers. All share the processors. A ratio is that of a turn, and the median of all. Goal: at least 0.9 of no rules.`,
  measure: async ({ quick, signal }) => {
    await installPrograms({ iperf3: 'iperf3', wrk: 'wrk' })
    const networks: TestNetwork[] = []
    try {
      const field = await makeField(networks)
      return await measureIn(field, quick, signal)
    } finally {
      await Promise.allSettled(networks.map((network) => network.remove()))
    }
  },
}

async function measureIn(field: Field, quick: boolean, signal: AbortSignal): Promise<Figure[]> {
  const columns = field.paths.flatMap((path) => [
    { title: `${path.name}: sent over one connection`, unit: 'MB/s', ask: () => bytes(path), of: none() },
    { title: `${path.name}: new connections`, unit: 'connections/s', ask: () => opened(path), of: none() },
  ])
  await untilServed(field)
  for (const turn of alternating(WAYS, quick ? 1 : ROUNDS))
    for (const way of turn) {
      signal.throwIfAborted()
      await field.bring(way)
      const { goal, forged } = await field.refuses()
      if (goal !== (way === OURS) || forged !== (way === OURS)) throw new Error(`not in force: ${way}`)
      for (const { ask, of } of columns) of[way].push(await ask())
    }
  return [
    ...WAYS.flatMap((way) => columns.map(({ title, unit, of }) => figureOf(way, title, unit, of[way]))),
    ...([NONE, TRACKED] as const).flatMap((other) =>
      columns.map(({ title, of }) => ratioOf(`${OURS} against ${other}`, title, of[OURS], of[other])),
    ),
  ]
}

const none = (): Record<Way, number[]> => ({ [NONE]: [], [TRACKED]: [], [OURS]: [] })

/** Without any rules nothing is refused as soon as those who serve are there. */
async function untilServed(field: Field): Promise<void> {
  await field.bring(NONE)
  const end = performance.now() + LISTEN_MS
  while (Object.values(await field.refuses()).includes(true)) {
    if (performance.now() > end) throw new Error('those who serve did not come up')
    await pause(50)
  }
}

/** Megabytes a second. */
async function bytes(path: Path): Promise<number> {
  const { stdout } = await path.run(['iperf3', ...path.bytes, '--time', String(LOAD_S), '--json'])
  const { end, error } = JSON.parse(stdout) as {
    end: { sum_received?: { bits_per_second: number } }
    error?: string
  }
  if (end.sum_received === undefined) throw new Error(`iperf3: ${error}`)
  return end.sum_received.bits_per_second / 8_000_000
}

/** Connections a second. */
async function opened({ run, url }: Path): Promise<number> {
  const load = ['--threads', '1', '--connections', String(CONNECTIONS), '--duration', `${LOAD_S}s`]
  const { stdout, stderr } = await run(['wrk', ...load, '--header', 'Connection: close', url])
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (rate === undefined || /Socket errors|Non-2xx/.test(stdout)) throw new Error(`wrk: ${stdout}${stderr}`)
  return Number(rate)
}
