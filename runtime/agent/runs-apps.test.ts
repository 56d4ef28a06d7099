import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ComponentStatus } from '#contract/platform.ts'
import { judgeRunsApps, type RunsAppsFacts } from './runs-apps.ts'

const part = (component: string, state: ComponentStatus['state'] = 'ok'): ComponentStatus => ({
  component,
  state,
  detail: '',
  memoryBytes: null,
})
const joined: RunsAppsFacts = {
  first: false,
  domain: 'maru.localhost',
  edgeMissing: new Set(),
  edgeAnswers: true,
  components: [part('agent'), part('edge'), part('pgproxy')],
}

test('a joined host runs apps when its edge answers with its certificates and the way to the database is well', () => {
  assert.equal(judgeRunsApps(joined), true)
  // An app without a certificate is that app's trouble only.
  assert.equal(judgeRunsApps({ ...joined, edgeMissing: new Set(['shop.maru.localhost']) }), true)
})

test('it does not while anything of that is not so', () => {
  const others: Array<Partial<RunsAppsFacts>> = [
    { edgeMissing: undefined },
    { edgeMissing: new Set(['peer']) },
    { edgeMissing: new Set(['maru.localhost']) },
    { edgeAnswers: false },
    { components: [part('agent'), part('edge')] },
    { components: [part('edge'), part('pgproxy', 'degraded')] },
    { components: [] },
  ]
  for (const other of others)
    assert.equal(judgeRunsApps({ ...joined, ...other }), false, JSON.stringify(other))
})

test('the first host does from its first pass on', () =>
  assert.equal(judgeRunsApps({ ...joined, first: true, edgeAnswers: false, components: [] }), true))
