import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMembers } from './members.ts'

const shown = `table inet t {
	set held4 {
		type ipv4_addr
		size 65536
		flags dynamic,timeout
		timeout 10m
		elements = { 192.0.2.1 timeout 1h expires 59m59s920ms, 192.0.2.9 expires 9m58s,
			     203.0.113.1 timeout 1m17s expires 1m16s988ms }
	}
}
table inet t {
	set held6 {
		type ipv6_addr
		flags dynamic,timeout
		timeout 10m
	}
}
table inet t {
	set blocked6 {
		type ipv6_addr
		elements = { 2001:db8::/32 timeout 1d expires 23h1s }
	}
}
`

test('members are read with the set that they are in and the time that is left', () => {
  assert.deepEqual(parseMembers(shown), [
    { set: 'held4', address: '192.0.2.1', leftS: 3599.92 },
    { set: 'held4', address: '192.0.2.9', leftS: 598 },
    { set: 'held4', address: '203.0.113.1', leftS: 76.988 },
    { set: 'blocked6', address: '2001:db8::/32', leftS: 82_801 },
  ])
  assert.deepEqual(parseMembers(''), [])
})
