import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { App } from '#contract/apps.ts'
import { orderApps } from './order-apps.ts'

const app = (name: string, state: App['state'], release: number | null) => ({ name, state, release }) as App
const APPS = [app('shop', 'running', 3), app('blog', 'failed', 12), app('api-gate', 'running', null)]
const namesOf = (view: Parameters<typeof orderApps>[1]) => orderApps(APPS, view).map(({ name }) => name)

test('apps are sorted by name, urgency or release, in both directions', () => {
  assert.deepEqual(namesOf({ find: '', by: 'name', down: false }), ['api-gate', 'blog', 'shop'])
  assert.deepEqual(namesOf({ find: '', by: 'name', down: true }), ['shop', 'blog', 'api-gate'])
  assert.deepEqual(namesOf({ find: '', by: 'state', down: false }), ['blog', 'api-gate', 'shop'])
  assert.deepEqual(namesOf({ find: '', by: 'release', down: false }), ['blog', 'shop', 'api-gate'])
})

test('every word of a search has to be there, in the name or the state', () => {
  assert.deepEqual(namesOf({ find: 'SHO', by: 'name', down: false }), ['shop'])
  assert.deepEqual(namesOf({ find: 'running gate', by: 'name', down: false }), ['api-gate'])
  assert.deepEqual(namesOf({ find: 'nothing', by: 'name', down: false }), [])
})
