import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptIpv6 } from './own-addresses.ts'

const row = (hex: string, flags: string, device: string, scope = '00') =>
  `${hex} 02 40 ${scope} ${flags} ${device}`

test('an address of IPv6 is one that others can be asked about when it is public and stays', () => {
  const list = [
    row('20010db8000100000000000000000005', '80', 'eth0'),
    row('20010db8000100000000000000000005', '80', 'eth1'),
    row('20010db8000000000000000000000001', '00', 'eth0'),
    row('20010db8000100000000000000000006', '01', 'eth0'),
    row('20010db8000100000000000000000007', '20', 'eth0'),
    row('20010db8000100000000000000000008', '40', 'eth0'),
    row('20010db8000100000000000000000009', '80', 'br-0a1b2c'),
    row('2001db80000100000000000000000009', '80', 'docker0'),
    row('fd000000000000000000000000000002', '80', 'eth0'),
    row('fe8000000000000000fc00fffe000001', '80', 'eth0', '20'),
    row('00000000000000000000000000000001', '80', 'lo', '10'),
    '',
  ].join('\n')
  assert.deepEqual(keptIpv6(list), ['2001:db8:1::5', '2001:db8::1'])
  assert.deepEqual(keptIpv6(''), [])
})
