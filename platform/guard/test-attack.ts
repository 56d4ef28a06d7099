import { until } from '#runtime/agent/test-host.ts'
import { openPorts } from '#runtime/drivers/listeners.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import type { RunResult } from '#runtime/drivers/process.ts'
import { answerOn, cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { parseMembers } from './members.ts'
import { guardTableOf } from './names.ts'
import { renderGuard } from './render-host.ts'

/** The ports of the platform, of other programs on the host, and all that a test scans. */
export const PORTS = {
  web: { http: 20_080, https: 20_243 },
  others: [
    20_011, 20_033, 20_057, 20_099, 20_121, 20_144, 20_160, 20_175, 20_188, 20_201, 20_215, 20_230, 20_277,
  ],
  range: '20000-20299',
  count: 300,
} as const
export const HOST = {
  ...{ attacked: '10.231.1.1', client: '10.231.2.1' },
  ...{ attacked6: '2001:db8:231:1::1', client6: '2001:db8:231:2::1' },
} as const
export const SOURCE = {
  attacker: '10.231.1.2',
  client: '10.231.2.2',
  attacker6: '2001:db8:231:1::2',
} as const

/** What has nmap wait for nothing that is not answered. */
export const IMPATIENT = ['--max-retries', '0', '--max-rtt-timeout', '100ms'] as const

/** A host with programs behind the guard, an attacker at one of its cards and a client at another. */
export interface Field {
  readonly host: TestNetwork
  readonly attacker: TestNetwork
  readonly client: TestNetwork
  readonly table: string
  /** What the kernel shows of the host's network. */
  readonly folder: string
  /** The guard as it is at first, with the ports that the host listens on; one of its memories may be full. */
  fresh(...full: readonly FullMemory[]): Promise<void>
  load(script: string): Promise<void>
  /** A scan of TCP ports by nmap, which waits for nothing that is not answered. */
  scan(ports: string, ...more: readonly string[]): Promise<RunResult>
  /** Who is in a set. */
  members(...sets: readonly string[]): Promise<string[]>
  remove(): Promise<void>
}

/** A set, and somebody else who is the only one that it has room for. */
export interface FullMemory {
  readonly set: string
  readonly member: string
}

/** A guard with a memory that is full from the beginning. */
function guardWith(whole: string, { set, member }: FullMemory, table: string): string {
  const small = whole.replace(new RegExp(`( set ${set} \\{.* size) \\d+;`), '$1 1;')
  if (small === whole) throw new Error(`no set ${set}`)
  return `${small}add element inet ${table} ${set} { ${member} }\n`
}

export const place = { id: 'field', name: 'field', subnet: '10.232', ports: PORTS.web }

export async function makeField(): Promise<Field> {
  const [host, attacker, client] = [await makeNetwork('h'), await makeNetwork('a'), await makeNetwork('c')]
  await cable(host, 'evil', ['10.231.1.1/24', '2001:db8:231:1::1/64'], attacker, 'eth0', [
    '10.231.1.2/24',
    '2001:db8:231:1::2/64',
  ])
  await cable(host, 'good', ['10.231.2.1/24', `${HOST.client6}/64`], client, 'eth0', ['10.231.2.2/24'])
  await attacker.ip('route', 'add', 'default', 'via', HOST.attacked)
  await client.ip('route', 'add', 'default', 'via', HOST.client)
  const ports = [...Object.values(PORTS.web), ...PORTS.others]
  const pid = host.start(answerOn(ports))
  const nft = makeNft(host.enter)
  const table = guardTableOf(place)
  const open = ports.map((port) => `tcp . ${port}`)
  const folder = `/proc/${pid}/net`
  await until('it to answer on all ports', async () => {
    const now = await openPorts(folder)
    return open.every((one) => now.includes(one))
  })
  return {
    host,
    attacker,
    client,
    table,
    folder,
    fresh: async (...full) => {
      await nft.remove('inet', table)
      const guard = full.reduce((whole, one) => guardWith(whole, one, table), renderGuard(place))
      await nft.load(`${guard}add element inet ${table} open { ${open.join(', ')} }\n`)
    },
    load: nft.load,
    scan: (ports, ...more) =>
      attacker.run(['nmap', '-sS', '-n', '-Pn', ...IMPATIENT, ...more, '-p', ports, HOST.attacked]),
    members: async (...sets) =>
      parseMembers(await nft.members('inet', table, sets)).map(({ address }) => address),
    remove: async () => {
      for (const one of [client, attacker, host]) await one.remove()
    },
  }
}

/** What a port scanner learned, from its report: which ports are open, which are closed, and which of either. */
export function learned(xml: string) {
  const extra = (state: string) =>
    [...xml.matchAll(new RegExp(`<extraports state="${state}" count="(\\d+)"`, 'g'))].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    )
  const single = (state: string) => xml.split(`<state state="${state}"`).length - 1
  const all = (state: string) => single(state) + extra(state)
  return { open: all('open'), closed: all('closed'), unfiltered: all('unfiltered') }
}
