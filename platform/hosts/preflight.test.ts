import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListeners, parseRoutes } from './host-facts.ts'
import { type HostFacts, judgeHost, portsOf } from './preflight.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const WANTED = { id: 'inst_a', name: 'maru', subnet: '10.89', ports: { http: 80, https: 443 } }
const GOOD: HostFacts = {
  uid: 0,
  architecture: 'x64',
  os: { id: 'debian', version: '13', name: 'Debian GNU/Linux 13 (trixie)' },
  memoryMb: 4000,
  disks: [{ path: '/var/lib/maru', freeMb: 50_000 }],
  ports: [],
  routes: [],
  engine: undefined,
  clock: { now: NOW, notBefore: NOW - 1000, mirror: NOW + 2000 },
}

const findings = (facts: Partial<HostFacts>, isNew = true) =>
  judgeHost({ ...GOOD, ...facts }, WANTED, isNew).filter(({ ok }) => !ok)

test('a good machine has no finding', () => assert.deepEqual(findings({}), []))

test('every finding comes at once, each with what to do', () => {
  const found = findings({
    uid: 1000,
    os: { id: 'ubuntu', version: '24.04', name: 'Ubuntu 24.04' },
    memoryMb: 1000,
    disks: [{ path: '/var/lib/maru', freeMb: 100 }],
    clock: { now: NOW, notBefore: NOW, mirror: NOW + 900_000 },
  })
  assert.deepEqual(
    found.map(({ check }) => check),
    ['root', 'system', 'memory', 'disk', 'clock'],
  )
  for (const { advice } of found) assert.ok(advice.length > 10)
})

test('a host that fills up can still be brought back', () => {
  const disks = [{ path: '/var/lib/maru', freeMb: 5000 }]
  assert.equal(findings({ disks }).length, 1)
  assert.deepEqual(findings({ disks }, false), [])
})

test('a held port names its holder and the way out', () => {
  const [found] = findings({ ports: [{ port: 443, holder: { pid: 77, name: 'nginx' } }] })
  assert.equal(found?.what, 'port 443 is held by nginx (process 77)')
  assert.match(found?.advice ?? '', /--https-port/)
})

test('a host that joins needs its ports for other hosts, too; nobody can choose others', () => {
  const needs = (first: boolean, role: 'full' | 'witness') => portsOf({ first, role }, WANTED)
  assert.deepEqual(needs(true, 'full'), [80, 443])
  assert.deepEqual(needs(false, 'full'), [80, 443, 7443, 7701])
  assert.deepEqual(needs(false, 'witness'), [7701])
  const ports = [{ port: 7443, holder: { pid: 77, name: 'java' } }]
  const [found] = judgeHost({ ...GOOD, ports }, WANTED, true, [7443]).filter(({ ok }) => !ok)
  assert.equal(found?.advice, "Stop java (process 77): the host's edge needs it.")
})

test("a port held by this installation's own edge is fine, by another's it is not", () => {
  const ports = [{ port: 443, holder: { pid: 77, name: 'haproxy' } }]
  const edge = (owner: string) => ({
    containers: [{ name: 'x', owner, component: 'edge', running: true }],
    networks: [],
  })
  assert.equal(findings({ ports, engine: edge('inst_a') }).length, 0)
  assert.equal(findings({ ports, engine: edge('inst_b') }).length, 1)
})

test('a range that another interface uses is a finding, our own bridges are none', () => {
  const text = (device: string) =>
    `Iface\tDestination\n${device}\t0000590A\t00000000\t0001\t0\t0\t0\t0000FFFF\n`
  assert.equal(findings({ routes: parseRoutes(text('vpn0')) })[0]?.check, 'addresses')
  assert.equal(findings({ routes: parseRoutes(text('maru-data0')) }).length, 0)
})

test("other people's containers with our names are a finding", () => {
  const engine = { containers: [], networks: [{ name: 'maru-edge', owner: undefined }] }
  assert.match(findings({ engine })[0]?.what ?? '', /maru-edge/)
})

test('listening sockets are read from the kernel table, others are not', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1',
    '   1: 0100007F:0050 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 4243 1',
  ].join('\n')
  assert.deepEqual(parseListeners(table), [{ port: 443, inode: '4242' }])
})
