import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeStore, type Voice } from './evidence-store.ts'

const voice = (at: 1 | 2 | 3, more: Partial<Voice> = {}): Voice => ({
  service: `etcd-${at}`,
  member: { id: `${at}`, isLearner: false },
  status: { id: `${at}`, leader: '1', isLearner: false },
  ...more,
})
const three = (more: Partial<Voice> = {}) => [voice(1), voice(2), voice(3, more)]

test('a store whose members all answer and follow one leader is whole', () => {
  const { passed, facts } = judgeStore(three(), 3)
  assert.equal(passed, true)
  assert.deepEqual(facts, [{ name: 'Members that are well', value: '3 of 3' }])
})

test('whatever is missing of it is a sentence with the member', () => {
  const status = { id: '3', leader: '1', isLearner: false }
  const cases: Array<[string, Partial<Voice>, RegExp]> = [
    ['none of the cluster', { member: undefined }, /etcd-3 is no member/],
    ['silent', { status: undefined }, /etcd-3 does not answer/],
    ['of another membership', { status: { ...status, id: '9' } }, /etcd-3 works with data/],
    ['a learner', { member: { id: '3', isLearner: true } }, /etcd-3 has no voice yet/],
    ['without a leader', { status: { ...status, leader: undefined } }, /etcd-3 knows of no leader/],
    ['behind another leader', { status: { ...status, leader: '2' } }, /different leaders/],
  ]
  for (const [what, more, sentence] of cases) {
    const { passed, summary } = judgeStore(three(more), 3)
    assert.equal(passed, false, what)
    assert.match(summary, sentence, what)
  }
})

test('one member is enough for one host, and two are too few for two', () => {
  assert.equal(judgeStore([voice(1)], 1).passed, true)
  assert.match(judgeStore([voice(1)], 2).summary, /has one member/)
  assert.match(judgeStore([voice(1), voice(2)], 2).summary, /neither of which can be missed/)
})
