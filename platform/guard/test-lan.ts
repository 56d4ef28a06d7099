import assert from 'node:assert/strict'
import { addressesOf } from '#contract/installation.ts'
import { cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { place } from './test-attack.ts'

/** Somebody at the bridge: in which network, by which link of the host. */
export interface OnLan {
  readonly role: string
  readonly link: string
  readonly card: string
  readonly address: string
}

/** A bridge with three instances: one is the attacker's. */
export const LAN = addressesOf(place).networks.apps.bridge
export const VICTIM = { role: 'v', link: 'pv', card: '02:90:00:00:00:02', address: '10.232.129.2' } as const
export const SERVER = { role: 's', link: 'ps', card: '02:90:00:00:00:03', address: '10.232.129.3' } as const
export const ATTACKER = {
  ...{ role: 'm', link: 'pm', card: '02:90:00:00:00:66', address: '10.232.129.66' },
} as const
export const ALL: readonly OnLan[] = [VICTIM, SERVER, ATTACKER]

export interface Lan {
  readonly host: TestNetwork
  inside(one: Pick<OnLan, 'role'>): TestNetwork
  remove(): Promise<void>
}

export async function makeLan(): Promise<Lan> {
  const host = await makeNetwork('b')
  await host.ip('link', 'add', LAN, 'type', 'bridge')
  await host.ip('link', 'set', LAN, 'up')
  const networks = new Map<string, TestNetwork>()
  for (const { role, link, card, address } of ALL) {
    const network = await makeNetwork(role)
    networks.set(role, network)
    await cable(network, 'eth0', [`${address}/24`], host, link, [])
    await network.ip('link', 'set', 'eth0', 'address', card)
    await host.ip('link', 'set', link, 'master', LAN)
  }
  return {
    host,
    inside: ({ role }) => {
      const network = networks.get(role)
      assert.ok(network)
      return network
    },
    remove: async () => {
      for (const network of [...networks.values(), host]) await network.remove()
    },
  }
}
