import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UID } from '#contract/installation.ts'
import type { UpstreamOrders } from '#contract/upstream.ts'
import { openUpstream, type UpstreamKeeper } from '#runtime/agent/own-upstream.ts'
import { heardBy, makeBird } from '#runtime/drivers/bird.ts'
import { exists } from '#runtime/drivers/files.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { silent } from '#runtime/server/test-database.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { birdCommand, upstreamFiles } from './layout.ts'

export const OWN = '203.0.113.1'
/** For documents (RFC 3849). */
export const OWN6 = '2001:db8:1::1'
export const ROUTER = '203.0.113.254'
export const PASSWORD = 'agreed-by-phone'
const SESSION = { name: 'isp', ownAs: 64500, neighbour: ROUTER, neighbourAs: 64496 }

export const ordersOf = (
  announced: UpstreamOrders['sessions'][number]['announced'],
  counted: UpstreamOrders['counted'] = [],
  more: Pick<UpstreamOrders['sessions'][number], 'flowRules' | 'flows'> = {},
): UpstreamOrders => ({
  sessions: [{ ...SESSION, ...more, community: '65535:666', nextHop: null, password: PASSWORD, announced }],
  counted,
})

/** A host with the agent's real keeper and BIRD, and a provider's router with a BIRD of its own, on a cable. */
export interface ProviderField {
  readonly keeper: UpstreamKeeper
  readonly host: TestNetwork
  readonly router: TestNetwork
  readonly home: string
  /** What the router has heard: prefix and communities. */
  heard(): Promise<string[]>
  /** BIRD as the agent's container starts it: as its own user, without any right. Gives its process. */
  startSpeaker(): number
  /** Another agent in the place of the first. */
  reopen(): Promise<void>
  remove(): Promise<void>
}

const ROUTER_CONFIG = `log stderr all;
router id ${ROUTER};
protocol device { }
flow4 table flows4;
flow6 table flows6;
protocol bgp customer {
  local ${ROUTER} as 64496;
  neighbor ${OWN} as 64500;
  password "${PASSWORD}";
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
  flow4 { import all; export none; };
  flow6 { import all; export none; };
}
`

/** Makes it; the session stands soon after. */
export async function makeProviderField(): Promise<ProviderField> {
  await installPrograms({ bird: 'bird2' })
  const [host, router] = [await makeNetwork('host'), await makeNetwork('isp')]
  const ours = [`${OWN}/24`, '203.0.113.9/32', `${OWN6}/64`]
  await cable(host, 'up0', ours, router, 'down0', [`${ROUTER}/24`, '2001:db8:1::fe/64'])
  const home = await mkdtemp('/var/tmp/maru-test-upstream-')
  await chmod(home, 0o755)
  const at = join(home, 'router')
  await mkdir(at)
  await writeFile(join(at, 'bird.conf'), ROUTER_CONFIG)
  const socket = join(at, 'bird.ctl')
  router.start(['bird', '-f', '-c', join(at, 'bird.conf'), '-s', socket, '-P', join(at, 'bird.pid')])
  const open = () => openUpstream(depsOf(home, host))
  let keeper = await open()
  const field: ProviderField = {
    get keeper() {
      return keeper
    },
    ...{ host, router, home },
    heard: async () => heardBy(makeBird(socket)),
    startSpeaker: () => host.start([...AS_SPEAKER, ...birdCommand(upstreamFiles(home))]),
    reopen: async () => {
      await keeper.stop()
      keeper = await open()
    },
    remove: async () => {
      await keeper.stop()
      await Promise.all([host.remove(), router.remove()])
      await rm(home, { recursive: true })
    },
  }
  return field
}

const AS_SPEAKER = [
  ...['setpriv', `--reuid=${UID.upstream}`, `--regid=${UID.upstream}`, '--clear-groups'],
  ...['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'],
]

const depsOf = (home: string, host: TestNetwork) => ({
  config: {
    home,
    installation: {
      ...{ id: 'test-upstream', name: 'test', domain: 'test.localhost', subnet: '10.199' },
      ...{ createdAt: '2030-01-01T00:00:00Z', ports: { http: 80, https: 443 } },
    },
    images: { app: '', builder: '', database: '', edge: 'edge', detector: '' },
  },
  speaker: async () => ({ own: OWN, isHere: true, own6: OWN6 }),
  ...{ bird: makeBird(upstreamFiles(home).socket), nft: makeNft(host.enter) },
  ...{ log: silent, now: () => new Date() },
})

/** Whether BIRD has its configuration: it starts only with one. */
export const isReady = (home: string) => exists(upstreamFiles(home).config)
