import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import type { AddressDuty } from './plan.ts'
import { renderKeepalived } from './render.ts'
import { renderForLeaving, renderForPeers } from './strays.ts'

const duty: AddressDuty = {
  address: '203.0.113.9',
  peers: ['203.0.113.2', '203.0.113.3'],
  priority: 250,
  leaving: false,
  leavingPeers: [],
}
const place = { host: 'a1', own: '203.0.113.1', device: 'eth0', httpsPort: 443 }
const files = { gaveUp: '/var/lib/maru/address/run/gave-up' }
const golden = (name: string, text: string) => assertGolden(import.meta.dirname, name, text)

test('what keepalived reads, with others and alone', () => {
  golden('keepalived.conf', renderKeepalived(duty, place, files))
  golden('alone.conf', renderKeepalived({ ...duty, peers: [] }, place, files))
})

test('a host that is being emptied keeps the address for itself, and its neighbours do not hear of that', () => {
  golden('leaving.conf', renderKeepalived({ ...duty, leaving: true }, place, files))
  const { ip = '', arp = '' } = renderForLeaving('maru_inst_a_address', duty, place)
  golden('leaving.nft', ip + arp)
})

test('the others hand it what is of its connections', () => {
  const leavingPeers = ['203.0.113.1', '203.0.113.3']
  golden('peers.nft', renderForPeers('maru_inst_a_address', { ...duty, leavingPeers }, place).ip ?? '')
})
