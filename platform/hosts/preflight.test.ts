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
  const needs = (role: 'full' | 'witness') =>
    portsOf({ first: false, role }, WANTED, { isNew: true, isAlone: true })
  assert.deepEqual(needs('full'), { now: [80, 443, 7443, 7444, 7701], later: [] })
  assert.deepEqual(needs('witness'), { now: [7444, 7701], later: [] })
  const heldBy = (port: number) => ({
    ...GOOD,
    ports: [{ port, holder: { pid: 77, name: 'java' } }],
  })
  const parts = { 7443: "the host's edge", 7444: "the host's door for other hosts", 7701: "the host's agent" }
  for (const [port, part] of Object.entries(parts)) {
    const checks = judgeHost(heldBy(Number(port)), WANTED, true, needs('full'))
    const [found, ...more] = checks.filter(({ ok }) => !ok)
    assert.equal(found?.advice, `Stop java (process 77): ${part} needs it.`)
    assert.deepEqual(more, [])
  }
})

test('the first host needs these ports when there are others, and a new one finds out early', () => {
  const needs = (isNew: boolean, isAlone: boolean) =>
    portsOf({ first: true, role: 'full' }, WANTED, { isNew, isAlone })
  assert.deepEqual(needs(true, true), { now: [80, 443], later: [7443, 7444, 7701] })
  assert.deepEqual(needs(false, true), { now: [80, 443], later: [] }, 'it serves, and is not kept from it')
  assert.deepEqual(needs(false, false), { now: [80, 443, 7443, 7444, 7701], later: [] })
  const held = { ...GOOD, ports: [{ port: 7444, holder: { pid: 77, name: 'haproxy' } }] }
  const findings = (facts: HostFacts) =>
    judgeHost(facts, WANTED, true, needs(true, true)).filter(({ ok }) => !ok)
  assert.deepEqual(
    findings(held).map(({ advice }) => advice),
    ["Stop haproxy (process 77): the host's door for other hosts needs it when another host joins."],
  )
  // Beside another installation, as one that tests bring up: it opens them only when a host joins.
  const mesh = { name: 'x', owner: 'inst_b', component: 'mesh', running: true }
  assert.deepEqual(findings({ ...held, engine: { containers: [mesh], networks: [] } }), [])
})

test("a port held by this installation's own edge is fine, by another's it is not", () => {
  const ports = [{ port: 443, holder: { pid: 77, name: 'haproxy' } }]
  const edge = (owner: string) => ({
    containers: [{ name: 'x', owner, component: 'edge', running: true }],
    networks: [],
  })
  assert.equal(findings({ ports, engine: edge('inst_a') }).length, 0)
  assert.equal(findings({ ports, engine: edge('inst_b') }).length, 1)
  const door = [{ port: 7444, holder: { pid: 78, name: 'haproxy' } }]
  const mesh = { name: 'y', owner: 'inst_a', component: 'mesh', running: true }
  const facts = { ...GOOD, ports: door, engine: { containers: [mesh], networks: [] } }
  assert.ok(judgeHost(facts, WANTED, false, { now: [7444], later: [] }).every(({ ok }) => ok))
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
