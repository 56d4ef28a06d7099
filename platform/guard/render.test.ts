import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { guardTableOf, logGroupOf, MEMORIES, portTableOf } from './names.ts'
import { renderGuard } from './render-host.ts'
import { renderPorts } from './render-ports.ts'

const golden = (name: string, text: string) => assertGolden(join(import.meta.dirname), name, text)
const place = { id: 'inst_a', name: 'maru', subnet: '10.89', ports: { http: 80, https: 443 } }

test("a host's table against attacks", () => golden('guard.nft', renderGuard(place)))

test('on a witness, which serves nobody, the ports of visitors are closed ones like others', () => {
  const lets = /^ {4}tcp dport \{ 80, 443 \} accept$/m
  assert.match(renderGuard(place), lets)
  assert.doesNotMatch(renderGuard({ ...place, witness: true }), lets)
})

test('a bridge that leads outside is judged, though it is named like one of the engine', () => {
  assert.match(renderGuard(place), /^ {4}iifname "br-\*" accept$/m)
  const judged = renderGuard({ ...place, outward: ['br-ex', 'br-lan'] })
  assert.match(judged, /^ {4}iifname != \{ "br-ex", "br-lan" \} iifname "br-\*" accept$/m)
  assert.doesNotMatch(judged, /^ {4}iifname "br-\*" accept$/m)
})

test('the ports of two instances, whatever the order in which they were found', () => {
  const ports = [
    { link: 'veth2', card: '02:42:0a:59:80:1f', address: '10.89.128.31' },
    { link: 'veth1', card: '02:42:0a:59:80:1e', address: '10.89.128.30' },
  ]
  golden('ports.nft', renderPorts(place, ports))
  assert.equal(renderPorts(place, ports), renderPorts(place, ports.toReversed()))
})

test('no ports: the table is there, and binds nothing', () => golden('no-ports.nft', renderPorts(place, [])))

test('no rule ends a packet of an open connection, but those of who is blocked', () => {
  const lines = renderGuard(place).split('\n')
  const body = lines.slice(lines.lastIndexOf('  chain g_input {'))
  const accepted = body.findIndex((line) => line.includes('ct state established,related accept'))
  assert.ok(accepted > 0)
  assert.deepEqual(
    body.slice(0, accepted).filter((line) => /\bdrop\b/.test(line)),
    [],
  )
})

test('every memory that packets fill tells when it is full, and no other does', () => {
  const text = renderGuard(place)
  const sets = [...text.matchAll(/ set (\w+) \{.*flags dynamic/g)].map(([, name = '']) =>
    name.replace(/[46]$/, ''),
  )
  const told = [...text.matchAll(/log prefix "full (\w+)"/g)].map(([, name = '']) => name)
  assert.deepEqual(new Set(told), new Set(sets))
  assert.deepEqual(new Set(told), new Set<string>(MEMORIES))
})

test('the table is never deleted, and no set that remembers is emptied', () => {
  assert.doesNotMatch(renderGuard(place), /delete|flush set|flush table/)
})

test('names have only letters that the filter takes; two installations have different ones and hear different packets', () => {
  assert.equal(guardTableOf({ id: 'test-0a.b"{' }), 'maru_guard_test_0a_b__')
  assert.equal(portTableOf({ id: 'inst_a' }), 'maru_ports_inst_a')
  assert.notEqual(logGroupOf({ id: 'inst_a' }), logGroupOf({ id: 'inst_b' }))
})
