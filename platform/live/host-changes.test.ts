import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostReport, InstanceReport } from '#contract/agent.ts'
import type { AppName, ProcessType } from '#contract/ids.ts'
import { differences, joinPictures, pictureOf } from './host-changes.ts'

const instance = (app: string, more: Partial<InstanceReport> = {}): InstanceReport => ({
  app: app as AppName,
  process: 'web' as ProcessType,
  index: 1,
  release: 3,
  epoch: 0,
  state: 'healthy',
  startedAt: '2026-01-01T00:00:00.000Z',
  restarts: 0,
  exitCode: null,
  outOfMemory: false,
  memoryBytes: 1,
  openRequests: 0,
  detail: '',
  ...more,
})

const report = (instances: InstanceReport[], more: Partial<HostReport> = {}): HostReport => ({
  sequence: 1,
  at: '2026-01-01T00:00:00.000Z',
  host: 'one',
  generation: 1,
  problem: '',
  components: [{ component: 'edge', state: 'ok', detail: '', memoryBytes: 5 }],
  instances,
  disk: { freeMb: 10, totalMb: 20 },
  memoryMb: 30,
  runsApps: true,
  certificatesWanted: 0,
  missingImages: [],
  filter: null,
  figures: null,
  ...more,
})

const between = (before: HostReport, after: HostReport) =>
  differences(pictureOf(before, false), pictureOf(after, false))

test('an app whose instance changes is named, and no other', () => {
  const before = report([instance('shop'), instance('blog')])
  const after = report([instance('shop'), instance('blog', { state: 'unhealthy' })])
  assert.deepEqual(between(before, after), { apps: ['blog'], platform: false })
})

test('an app that comes or goes is named', () => {
  assert.deepEqual(between(report([]), report([instance('shop')])).apps, ['shop'])
  assert.deepEqual(between(report([instance('shop')]), report([])).apps, ['shop'])
})

test('figures that always move are no change', () => {
  const before = report([instance('shop')])
  const figures = { memoryBytes: 2, openRequests: 9 }
  const components = [{ component: 'edge', state: 'ok' as const, detail: '', memoryBytes: 6 }]
  const after = report([instance('shop', figures)], {
    sequence: 2,
    components,
    disk: { freeMb: 9, totalMb: 20 },
  })
  assert.deepEqual(between(before, after), { apps: [], platform: false })
})

test('a component that falls ill is a change of the platform', () => {
  const components = [{ component: 'edge', state: 'down' as const, detail: 'gone', memoryBytes: null }]
  assert.deepEqual(between(report([]), report([], { components })), { apps: [], platform: true })
})

test('a host that falls silent changes everything that it runs', () => {
  const same = report([instance('shop'), instance('blog')])
  assert.deepEqual(differences(pictureOf(same, false), pictureOf(same, true)), {
    apps: ['shop', 'blog'],
    platform: true,
  })
})

test('of several hosts, an app is named whichever host it changes on', () => {
  const other = pictureOf(report([instance('shop')]), false)
  const join = (mine: HostReport) => joinPictures([other, pictureOf(mine, false)])
  const before = join(report([instance('shop'), instance('blog')]))
  const after = join(report([instance('shop', { state: 'unhealthy' }), instance('blog')]))
  assert.deepEqual(differences(before, after), { apps: ['shop'], platform: false })
})
