import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '#contract/guard.ts'
import { asAgreed } from './agreed.ts'

const AT = Date.parse('2030-01-07T08:00:00Z')
const finding: Finding = {
  ...{ kind: 'web attack', severity: 4, topic: '', source: '203.0.113.7', sourcePort: null, at: AT },
  ...{
    destination: '10.77.130.5',
    port: 8080,
    protocol: 'tcp',
    app: null,
    target: 'shop',
    message: 'It attacked.',
  },
  rule: { uid: '7000001', title: '', desc: '' },
}
const test_ = { source: '203.0.113.0/24', from: '2030-01-07T07:00:00Z', until: '2030-01-07T09:00:00Z' }
const kindFor = (change: Partial<Finding>, agreed = test_) =>
  asAgreed({ engagements: [agreed] }, { ...finding, ...change }).kind

test('within its time a test that was agreed on is recorded as one', () => {
  assert.equal(kindFor({}), 'engagement')
  assert.equal(asAgreed({ engagements: [test_] }, finding).severity, 1)
})

test('from elsewhere, before and after it is what it is; so is what an app does', () => {
  assert.equal(kindFor({ source: '198.51.100.1' }), 'web attack')
  assert.equal(kindFor({ at: AT - 3_600_001 }), 'web attack')
  assert.equal(kindFor({ at: AT + 3_600_000 }), 'web attack')
  assert.equal(kindFor({ app: 'shop', kind: 'outbound' }), 'outbound')
})
