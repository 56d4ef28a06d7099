import type { HostName } from '#contract/ids.ts'
import { type BlackHole, UpstreamSettings } from '#contract/upstream.ts'
import type { Provider, UpstreamSnapshot } from './plan.ts'

export const NOW = new Date('2030-01-07T08:00:00.000Z')
export const LATER = '2030-01-07T08:10:00.000Z'
const host = (name: string, address: string, dataCentre: string, ...addresses6: string[]) => ({
  ...{ name: name as HostName, address, dataCentre, addresses6 },
})

export const BGP = UpstreamSettings.parse({
  ...{ kind: 'bgp', ownAs: 64500, neighbour: '203.0.113.254', neighbourAs: 64496 },
})
export const hookTo = (url: string) => UpstreamSettings.parse({ kind: 'webhook', url })
export const HOOK = hookTo('https://api.example.org:8443/drop')

export const provider = (name: string, more: Partial<Provider> = {}): Provider => ({
  ...{ name, settings: BGP, hosts: [], automatic: null, by: 'ada' },
  ...more,
})

export const hole = (address: string, more: Partial<BlackHole> = {}): BlackHole => ({
  ...{ id: `hole_${address}`, address, upstream: null, only: null, since: NOW.toISOString(), until: LATER },
  ...{ reason: 'flood', by: 'ada', automatic: false, ...more },
})

/** Two hosts of one data centre that share an address, and one of another. */
export const snapshot = (more: Partial<UpstreamSnapshot> = {}): UpstreamSnapshot => ({
  hosts: [
    host('a1', '203.0.113.1', 'east', '2001:db8::1'),
    host('a2', '203.0.113.2', 'east'),
    host('b1', '198.51.100.1', 'west'),
  ],
  shared: [{ dataCentre: 'east', address: '203.0.113.9' }],
  serving: ['203.0.113.9', '198.51.100.1'],
  webPort: 8443,
  ...{ providers: [provider('isp')], dropped: [], ...more },
})
