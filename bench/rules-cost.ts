import { setTimeout as pause } from 'node:timers/promises'
import { addressesOf } from '#contract/installation.ts'
import { guardTableOf, renderGuard } from '#platform/guard/index.ts'
import { renderFilter } from '#platform/network/index.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { installPrograms } from '#tools/install-programs.ts'
import type { Benchmark } from './benchmark.ts'
import { APPS, allowedOf, IMAGINED, largeFilter, MEMBERS } from './large-filter.ts'
import { type Figure, figureOf, ratioOf } from './report.ts'
import { alternating } from './statistics.ts'

/** Many short turns: what else happens on a machine is larger than what is measured, and meets all alike. */
const ROUNDS = 20
const LOAD_S = 1
const CONNECTIONS = 8
const LISTEN_MS = 10_000
const [NONE, TRACKED, OURS] = ['no rules', 'connections tracked, no rules', 'Maru’s rules'] as const
const WAYS = [NONE, TRACKED, OURS] as const
type Way = (typeof WAYS)[number]

const TRACKING = `table inet tracked {
  chain forward { type filter hook forward priority filter; ct state established accept
  }
}
`

/** Two apps, each with something that it alone may reach. */
const [OPENED, BYTES] = [allowedOf(0), allowedOf(1)] as const

const ANSWER =
  "require('http').createServer((_, answer) => answer.end('ok')).listen(process.argv[2], process.argv[1])"

/** What the rules take from whom they let through. */
export const rulesCost: Benchmark = {
  name: 'rules-cost',
  title: 'What the rules cost',
  method: `A host in a network of its own forwards what an instance sends to an address that its app may reach: with no rules at all, with connections tracked as every host with Docker does, and with the rules that a host of Maru has for ${MEMBERS.toLocaleString('en')} addresses of ${APPS} apps and against attacks, in turns of a second each. iperf3 sends as much as goes over one connection; wrk has ${CONNECTIONS} connections at a time opened, asked once and closed, as fast as a small server of Node answers. All share the processors. A ratio is that of a turn, and the median of all. Goal: at least 0.9 of no rules.`,
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

interface Field {
  readonly instance: TestNetwork
  /** The rules of the host between the two. */
  readonly rules: Readonly<Record<Way, () => Promise<void>>>
}

/** An instance, its host and somebody outside, with what the last one serves. */
async function makeField(made: TestNetwork[]): Promise<Field> {
  const make = async (role: string) => {
    const network = await makeNetwork(role)
    made.push(network)
    return network
  }
  const [instance, host, outside] = [await make('i'), await make('h'), await make('o')]
  const { bridge, gateway } = addressesOf(IMAGINED).networks.apps
  await host.ip('link', 'add', bridge, 'type', 'bridge')
  await host.ip('address', 'add', `${gateway}/17`, 'dev', bridge)
  await host.ip('link', 'set', bridge, 'up')
  await cable(host, 'instance', [], instance, 'eth0', [`${OPENED.from}/17`, `${BYTES.from}/17`])
  await host.ip('link', 'set', 'instance', 'master', bridge)
  await instance.ip('route', 'add', 'default', 'via', gateway)
  await cable(host, 'eth0', ['198.51.1.254/24'], outside, 'eth0', [`${OPENED.to}/24`, `${BYTES.to}/24`])
  await outside.ip('route', 'add', 'default', 'via', '198.51.1.254')
  await host.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  // Who closes first remembers the connection for a minute, and with it a port of the other: there would be too few.
  for (const end of [instance, outside]) await end.run(['sysctl', '-qw', 'net.ipv4.tcp_max_tw_buckets=0'])
  outside.start(['iperf3', '--server', '--bind', BYTES.to, '--port', String(BYTES.port)])
  outside.start([process.execPath, '-e', ANSWER, OPENED.to, String(OPENED.port)])
  const nft = makeNft(host.enter)
  const filter = largeFilter(MEMBERS, APPS)
  const [guard, script] = [renderGuard(IMAGINED), renderFilter(filter)]
  const clear = async () => {
    for (const table of ['tracked', filter.table, guardTableOf(IMAGINED)]) await nft.remove('inet', table)
  }
  return {
    instance,
    rules: {
      [NONE]: clear,
      [TRACKED]: async () => {
        await clear()
        await nft.load(TRACKING)
      },
      [OURS]: async () => {
        await clear()
        await nft.load(guard)
        await nft.load(script)
      },
    },
  }
}

async function measureIn({ instance, rules }: Field, quick: boolean, signal: AbortSignal): Promise<Figure[]> {
  const seen = {
    bytes: { [NONE]: [], [TRACKED]: [], [OURS]: [] } as Record<Way, number[]>,
    opened: { [NONE]: [], [TRACKED]: [], [OURS]: [] } as Record<Way, number[]>,
  }
  const end = performance.now() + LISTEN_MS
  while (!(await reachesOther(instance)) && performance.now() < end) await pause(50)
  for (const turn of alternating(WAYS, quick ? 1 : ROUNDS))
    for (const way of turn) {
      signal.throwIfAborted()
      await rules[way]()
      if ((await reachesOther(instance)) === (way === OURS)) throw new Error(`not in force: ${way}`)
      seen.bytes[way].push(await sendBytes(instance))
      seen.opened[way].push(await openConnections(instance))
    }
  const columns = [
    { title: 'sent over one connection', unit: 'MB/s', of: seen.bytes },
    { title: 'new connections', unit: 'connections/s', of: seen.opened },
  ] as const
  return [
    ...WAYS.flatMap((way) => columns.map(({ title, unit, of }) => figureOf(way, title, unit, of[way]))),
    ...([NONE, TRACKED] as const).flatMap((other) =>
      columns.map(({ title, of }) => ratioOf(`${OURS} against ${other}`, title, of[OURS], of[other])),
    ),
  ]
}

/** Whether one app gets through to what only another may reach. */
async function reachesOther(instance: TestNetwork): Promise<boolean> {
  const { to, port } = BYTES
  const { exitCode } = await instance.run(['bash', '-c', ': > "/dev/tcp/$1/$2"', 'try', to, String(port)], {
    timeoutMs: 500,
  })
  return exitCode === 0
}

/** Megabytes a second. */
async function sendBytes(instance: TestNetwork): Promise<number> {
  const { from, to, port } = BYTES
  const argv = ['iperf3', '--client', to, '--port', String(port), '--bind', from, '--time', String(LOAD_S)]
  const { stdout } = await instance.run([...argv, '--json'])
  const { end, error } = JSON.parse(stdout) as {
    end: { sum_received?: { bits_per_second: number } }
    error?: string
  }
  if (end.sum_received === undefined) throw new Error(`iperf3: ${error}`)
  return end.sum_received.bits_per_second / 8_000_000
}

/** Connections a second. */
async function openConnections(instance: TestNetwork): Promise<number> {
  const load = ['--threads', '1', '--connections', String(CONNECTIONS), '--duration', `${LOAD_S}s`]
  const url = `http://${OPENED.to}:${OPENED.port}/`
  const { stdout, stderr } = await instance.run(['wrk', ...load, '--header', 'Connection: close', url])
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (rate === undefined || /Socket errors|Non-2xx/.test(stdout)) throw new Error(`wrk: ${stdout}${stderr}`)
  return Number(rate)
}
