import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { planWorkload, renderWorkload, type WorkloadSnapshot } from './plan.ts'

const release = (version: number, config: Record<string, string> = {}) => ({
  version,
  image: `sha256:${version}`,
  processes: { web: 'node server.js', worker: 'node worker.js "$QUEUE"' },
  config,
  databaseUrl: 'postgres://role:secret@host/db',
})
const instance = (
  process: string,
  index: number,
  version: number,
  traffic: 'none' | 'serve' | 'drain',
  host = 'one',
) => ({
  host,
  process,
  index,
  release: version,
  epoch: 0,
  traffic,
})
const snapshot: WorkloadSnapshot = {
  generation: 7,
  hosts: [
    { name: 'two', address: '10.0.0.2', runsApps: true },
    { name: 'one', address: '10.0.0.1', runsApps: true },
  ],
  apps: [
    {
      id: 'app_bbbb',
      name: 'shop',
      hostNames: ['shop.maru.localhost'],
      releases: [release(2, { COLOUR: 'secret-red' }), release(1)],
      instances: [
        instance('web', 2, 1, 'drain'),
        instance('web', 1, 1, 'drain'),
        instance('worker', 1, 2, 'serve'),
        instance('web', 1, 2, 'serve'),
      ],
      keepImages: ['sha256:2', 'sha256:1', 'sha256:2'],
    },
    {
      id: 'app_aaaa',
      name: 'idle',
      hostNames: ['idle.maru.localhost'],
      releases: [],
      instances: [],
      keepImages: ['sha256:9'],
    },
  ],
}

test('a workload in the middle of a deploy', () =>
  assertGolden(import.meta.dirname, 'mid-deploy.txt', renderWorkload(planWorkload(snapshot, 'one'))))

const onTwoHosts: WorkloadSnapshot = {
  ...snapshot,
  apps: snapshot.apps.map((app) => ({
    ...app,
    instances: app.instances.map((one) =>
      one.index === 2 ? { ...one, traffic: 'serve', host: 'two' } : one,
    ),
  })),
}

test('each of two hosts has its own instances, and knows that the other serves the app', () => {
  const text = ['one', 'two'].map((host) => `# ${host}\n${renderWorkload(planWorkload(onTwoHosts, host))}`)
  assertGolden(import.meta.dirname, 'two-hosts.txt', text.join('\n'))
})

test('a host without all that apps need is not led to, but its edge is one of the others', () => {
  const [one] = snapshot.hosts.filter(({ name }) => name === 'one')
  const hosts = [...(one ? [one] : []), { name: 'two', address: '10.0.0.2', runsApps: false }]
  const config = planWorkload({ ...onTwoHosts, hosts }, 'one')
  assert.deepEqual(config.peers, ['two'])
  assert.ok(config.apps.every(({ elsewhere }) => elsewhere.length === 0))
})

test('the newest release is that of any host', () =>
  assert.equal(planWorkload(onTwoHosts, 'two').apps[1]?.newestRelease, 2))

test('the order of what was read does not matter', () => {
  const turned = {
    ...snapshot,
    apps: snapshot.apps.map((app) => ({ ...app, instances: app.instances.toReversed() })).reverse(),
  }
  assert.deepEqual(planWorkload(turned, 'one'), planWorkload(snapshot, 'one'))
})

test('the rendered text holds no secret', () =>
  assert.doesNotMatch(renderWorkload(planWorkload(snapshot, 'one')), /secret/))

test('configuration can change NODE_ENV, but not what the platform sets', () => {
  const one = {
    id: 'app_cccc',
    name: 'one',
    hostNames: [],
    releases: [release(1, { NODE_ENV: 'test', PORT: '1' })],
    instances: [instance('web', 1, 1, 'none')],
    keepImages: [],
  }
  const [app] = planWorkload({ ...snapshot, hosts: [], apps: [one] }, 'one').apps
  const env = app?.instances[0]?.env
  assert.equal(env?.NODE_ENV, 'test')
  assert.equal(env?.PORT, '8080')
})
