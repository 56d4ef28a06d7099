import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderEtcdCommand, renderPatroni, renderPgproxy } from './database-tier.ts'
import { platformConfig } from './platform-config.ts'

const INSTALLATION = {
  id: 'inst_a',
  name: 'maru',
  domain: 'maru.localhost',
  createdAt: '2026-01-01T00:00:00Z',
  ports: { http: 80, https: 443 },
  subnet: '10.89',
}
const HOME = '/var/lib/maru'
const PASSWORDS = { superuser: 's', replication: 'r', rewind: 'w' }

/** Compares with a committed file; a wanted change is made there by hand and so is seen in review. */
async function assertGolden(name: string, text: string): Promise<void> {
  assert.equal(text, await readFile(join(import.meta.dirname, 'golden', name), 'utf8'))
}

test('etcd', () => assertGolden('etcd.txt', `${renderEtcdCommand(INSTALLATION, HOME).join('\n')}\n`))
test('Patroni, second member', () =>
  assertGolden('patroni-2.json', renderPatroni(INSTALLATION, HOME, 2, PASSWORDS)))
test('database proxy', () => assertGolden('pgproxy.cfg', renderPgproxy(INSTALLATION, HOME)))

const INPUT = {
  host: { first: true, role: 'full' as const },
  installation: INSTALLATION,
  home: HOME,
  images: { database: 'db', patroni: 'pa', edge: 'ed', platform: 'pl' },
  generation: 1,
  files: { etcd: 'abc' },
  hostCaBundle: '/etc/ssl/certs/ca-certificates.crt',
  canPrivilege: true,
}
const config = platformConfig(INPUT)

test('the whole platform', () => assertGolden('platform-config.json', `${JSON.stringify(config, null, 2)}\n`))

test('a joined host has the same edge as the first, and whatever can be placed there; a witness has voices only', () => {
  const on = (role: 'full' | 'witness') => platformConfig({ ...INPUT, host: { first: false, role } })
  const full = on('full')
  assert.deepEqual(
    full.containers.map(({ component }) => component),
    [
      ...['etcd', 'etcd-2', 'etcd-3', 'postgres-1', 'postgres-2'],
      ...['pgproxy', 'agent', 'control', 'control-2', 'edge'],
    ],
  )
  assert.deepEqual(
    full.containers.at(-1),
    config.containers.find(({ component }) => component === 'edge'),
  )
  assert.deepEqual(full.networks, config.networks)
  assert.deepEqual(
    on('witness').containers.map(({ component }) => component),
    ['etcd', 'etcd-2', 'etcd-3', 'agent'],
  )
})

test('the second control plane is confined as the first is, at an address of its own', () => {
  const of = (first: boolean, component: string) =>
    platformConfig({ ...INPUT, host: { first, role: 'full' } }).containers.find(
      (one) => one.component === component,
    ) ?? assert.fail()
  const [one, two] = [of(true, 'control'), of(false, 'control-2')]
  assert.notDeepEqual(two.networks, one.networks)
  assert.deepEqual(
    { ...two, name: '', component: '', networks: [] },
    { ...one, name: '', component: '', networks: [] },
  )
})

test('only the agent and the edge have more than a plain process: no capability, a read-only root, limits', () => {
  for (const spec of config.containers) {
    assert.equal(spec.readOnlyRoot, true, spec.name)
    assert.ok(spec.memoryMb !== undefined && spec.processes !== undefined, spec.name)
    if (spec.component === 'agent') continue
    assert.deepEqual([spec.privileged, spec.pidMode], [false, 'own'], spec.name)
    assert.ok(!spec.mounts.some(({ source }) => /docker|^\/run/.test(source)), spec.name)
    // The edge begins as root and gives that up before HAProxy runs: hand-over.system.test.ts looks at the process.
    if (spec.component === 'edge') continue
    assert.deepEqual(spec.capabilities, [], spec.name)
    assert.ok(spec.user !== undefined && !spec.user.startsWith('0'), spec.name)
  }
})
