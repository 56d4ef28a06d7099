import { randomInt } from 'node:crypto'
import { z } from 'zod'
import type { OtherNetwork } from '../network/other-network.ts'
import { CLIENT, type HostsPlace } from './hosts-place.ts'

/** Who asks from outside of a lab's hosts, each with an address of its own at the client. */
export interface OutsideAddresses {
  readonly network: OtherNetwork
  /** The client's own, which visitors have. */
  readonly client: string
  /** Who sweeps ports, and who knocks at doors without a pause. */
  readonly sweeper: string
  readonly knocker: string
  /** Both of them, as one network. */
  readonly both: string
  readonly operator: string
  /** A scanner before the lock, and one behind it: hosts remember a scanner for an hour. */
  readonly strangers: readonly [string, string]
  remove(): Promise<void>
}

const Addresses = z.tuple([
  z.object({ addr_info: z.array(z.object({ family: z.string(), local: z.string() })) }),
])
/** Each run takes others; beyond them are the client's own and the routers'. */
const PLACES = { first: 13, last: 24, size: 8 } as const

/** Gives the client more addresses of its network. */
export async function addOutsideAddresses(place: Pick<HostsPlace, 'network'>): Promise<OutsideAddresses> {
  const network = await place.network(CLIENT)
  const { stdout } = await network.run(['ip', '-json', '-4', 'address', 'show', 'dev', 'eth0'])
  const [{ addr_info }] = Addresses.parse(JSON.parse(stdout))
  const client = addr_info[0]?.local ?? ''
  const range = client.slice(0, client.lastIndexOf('.'))
  const first = randomInt(PLACES.first, PLACES.last) * PLACES.size
  const at = (index: number) => `${range}.${first + index}`
  const all = [at(0), at(1), at(2), at(3), at(4)]
  for (const address of all) await network.change('address', 'add', `${address}/24`, 'dev', 'eth0')
  return {
    network,
    client,
    ...{ sweeper: at(0), knocker: at(1), both: `${at(0)}/31`, operator: at(2) },
    strangers: [at(3), at(4)],
    remove: async () => {
      for (const address of all) await network.change('address', 'delete', `${address}/24`, 'dev', 'eth0')
    },
  }
}
