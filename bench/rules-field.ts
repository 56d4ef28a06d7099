import { addressesOf, INSTANCE_PORT, UID } from '#contract/installation.ts'
import { type BoundPort, guardTableOf, portTableOf, renderGuard, renderPorts } from '#platform/guard/index.ts'
import { renderFilter } from '#platform/network/index.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { APPS, allowedOf, IMAGINED, largeFilter, MEMBERS } from './large-filter.ts'

export const [NONE, TRACKED, OURS] = ['no rules', 'connections tracked, no rules', 'Maru’s rules'] as const
export const WAYS = [NONE, TRACKED, OURS] as const
export type Way = (typeof WAYS)[number]

const TRACKING = `table inet tracked {
  chain forward { type filter hook forward priority filter; ct state established accept
  }
}
`

/** Two apps, each with an address of the same instance and something that it alone may reach: one for each way of measuring. */
const [OPENED, SENT] = [allowedOf(0), allowedOf(1)] as const
/** Another address of that instance, which its port is not bound to. */
const UNBOUND = '10.89.254.251'
const CARD = '02:90:00:00:00:01'
const LINK = 'instance'

const ANSWER =
  "const h=require('http');for(const to of process.argv.slice(1)){const [host,port]=to.split(' ');h.createServer((_,a)=>a.end('ok')).listen(port,host)}"

/** Who asks on a path, and what for. */
export interface Path {
  readonly name: string
  run: TestNetwork['run']
  /** What iperf3 is asked with. */
  readonly bytes: readonly string[]
  /** What wrk asks. */
  readonly url: string
}

export interface Field {
  readonly paths: readonly Path[]
  bring(way: Way): Promise<void>
  /** Whether what only the rules refuse gets through: to another app's goal, and from an address that the port is not bound to. */
  refuses(): Promise<{ readonly goal: boolean; readonly forged: boolean }>
}

/** An instance on the apps' bridge of its host, and somebody outside: with what they serve. */
export async function makeField(made: TestNetwork[]): Promise<Field> {
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
  const addresses = [OPENED.from, SENT.from, UNBOUND].map((address) => `${address}/17`)
  await cable(host, LINK, [], instance, 'eth0', addresses)
  await instance.ip('link', 'set', 'eth0', 'address', CARD)
  await host.ip('link', 'set', LINK, 'master', bridge)
  await instance.ip('route', 'add', 'default', 'via', gateway)
  await cable(host, 'eth0', ['198.51.1.254/24'], outside, 'eth0', [`${OPENED.to}/24`, `${SENT.to}/24`])
  await outside.ip('route', 'add', 'default', 'via', '198.51.1.254')
  await host.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  // Who closes first remembers the connection for a minute, and with it a port of the other: there would be too few.
  for (const end of [instance, host, outside])
    await end.run(['sysctl', '-qw', 'net.ipv4.tcp_max_tw_buckets=0'])
  serve(instance, SENT.from, INSTANCE_PORT, [OPENED.from, UNBOUND])
  serve(outside, SENT.to, SENT.port, [OPENED.to])
  const asEdge: TestNetwork['run'] = (argv, options) =>
    host.run(['setpriv', `--reuid=${UID.edge}`, '--clear-groups', ...argv], options)
  return {
    paths: [
      {
        name: 'instance to outside',
        run: instance.run,
        bytes: ['--client', SENT.to, '--port', String(SENT.port), '--bind', SENT.from],
        url: `http://${OPENED.to}:${OPENED.port}/`,
      },
      {
        name: `edge to instance over the bridge${await withoutNetfilter(host)}`,
        run: asEdge,
        // Most of what goes between them is what the app answers.
        bytes: ['--client', SENT.from, '--port', String(INSTANCE_PORT), '--reverse'],
        url: `http://${OPENED.from}:${INSTANCE_PORT}/`,
      },
    ],
    bring: makeRules(host),
    refuses: async () => ({
      goal: !(await connects(instance.run, SENT.to, SENT.port)),
      forged: !(await connects(asEdge, UNBOUND, INSTANCE_PORT)),
    }),
  }
}

function serve(at: TestNetwork, bytesAt: string, port: number, answersAt: readonly string[]): void {
  at.start(['iperf3', '--server', '--bind', bytesAt, '--port', String(port)])
  at.start([process.execPath, '-e', ANSWER, ...answersAt.map((address) => `${address} ${port}`)])
}

/** Bridges show the rules what passes them where the kernel has `br_netfilter` and it is on, as with every engine. */
async function withoutNetfilter(host: TestNetwork): Promise<string> {
  const { exitCode } = await host.run(['sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1'])
  return exitCode === 0 ? '' : ', without br_netfilter, which this kernel does not have'
}

/** Brings one of the three in force on the host. */
function makeRules(host: TestNetwork): (way: Way) => Promise<void> {
  const nft = makeNft(host.enter)
  const filter = largeFilter(MEMBERS, APPS)
  const ours = [renderGuard(IMAGINED), renderFilter(filter), renderPorts(IMAGINED, ports())]
  const scripts = { [NONE]: [], [TRACKED]: [TRACKING], [OURS]: ours }
  return async (way) => {
    for (const table of ['tracked', filter.table, guardTableOf(IMAGINED)]) await nft.remove('inet', table)
    await nft.remove('bridge', portTableOf(IMAGINED))
    for (const script of scripts[way]) await nft.load(script)
  }
}

/** The port of the instance that is measured, and of an instance of each other app, which is not there. */
const ports = (): BoundPort[] => [
  ...[OPENED, SENT].map(({ from }) => ({ link: LINK, card: CARD, address: from })),
  ...Array.from({ length: APPS - 2 }, (_, at) => ({
    link: `veth${at}`,
    card: `02:91:00:00:${hex(at >> 8)}:${hex(at & 255)}`,
    address: allowedOf(at + 2).from,
  })),
]
const hex = (byte: number) => byte.toString(16).padStart(2, '0')

async function connects(run: TestNetwork['run'], address: string, port: number): Promise<boolean> {
  const argv = ['bash', '-c', ': > "/dev/tcp/$1/$2"', 'try', address, String(port)]
  return (await run(argv, { timeoutMs: 500 })).exitCode === 0
}
