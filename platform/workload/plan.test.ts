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
const instance = (process: string, index: number, version: number, traffic: 'none' | 'serve' | 'drain') => ({
  process,
  index,
  release: version,
  epoch: 0,
  traffic,
})
const snapshot: WorkloadSnapshot = {
  generation: 7,
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
  assertGolden(import.meta.dirname, 'mid-deploy.txt', renderWorkload(planWorkload(snapshot))))

test('the order of what was read does not matter', () => {
  const turned = {
    ...snapshot,
    apps: snapshot.apps.map((app) => ({ ...app, instances: app.instances.toReversed() })).reverse(),
  }
  assert.deepEqual(planWorkload(turned), planWorkload(snapshot))
})

test('the rendered text holds no secret', () =>
  assert.doesNotMatch(renderWorkload(planWorkload(snapshot)), /secret/))

test('configuration can change NODE_ENV, but not what the platform sets', () => {
  const [app] = planWorkload({
    generation: 1,
    apps: [
      {
        id: 'app_cccc',
        name: 'one',
        hostNames: [],
        releases: [release(1, { NODE_ENV: 'test', PORT: '1' })],
        instances: [instance('web', 1, 1, 'none')],
        keepImages: [],
      },
    ],
  }).apps
  const env = app?.instances[0]?.env
  assert.equal(env?.NODE_ENV, 'test')
  assert.equal(env?.PORT, '8080')
})
