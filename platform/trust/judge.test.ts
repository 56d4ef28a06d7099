import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KNOWN_PROMISES } from '#contract/promises.ts'
import type { Evidence } from '#contract/trust.ts'
import { judgeLayers, judgePromises } from './judge.ts'
import { REQUIREMENTS, type Requirement } from './requirements.ts'

const NOW = new Date('2026-03-10T12:00:00Z')

const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  source: 'check',
  name: 'edge.tls',
  promises: ['CUS-1'],
  at: '2026-03-10T11:59:00.000Z',
  passed: true,
  summary: 'TLS is spoken.',
  facts: [],
  durationMs: 12,
  validS: 600,
  ...change,
})

function judge(requirement: Requirement, ...latest: Evidence[]) {
  const promises = judgePromises(latest, NOW, { ...REQUIREMENTS, 'CUS-1': requirement })
  return promises.find(({ id }) => id === 'CUS-1') ?? assert.fail()
}
const NEEDS: Requirement = { needs: ['edge.tls'], gaps: [] }

test('every promise is judged, in the order of the register', () => {
  assert.deepEqual(
    judgePromises([], NOW).map(({ id }) => id),
    KNOWN_PROMISES,
  )
})

test('without any evidence nothing is kept, and each promise says why', () => {
  for (const { id, state, reason } of judgePromises([], NOW)) {
    assert.equal(state, 'not-yet', id)
    assert.match(reason ?? '', /\.$/, id)
  }
})

test('a promise is kept when what it needs passed and is young', () => {
  const { state, reason } = judge(NEEDS, evidence())
  assert.deepEqual([state, reason], ['kept', null])
})

test('one gap is enough for not yet', () => {
  const { state, reason } = judge({ ...NEEDS, gaps: ['Half of it is missing.'] }, evidence())
  assert.deepEqual([state, reason], ['not-yet', 'Half of it is missing.'])
})

test('what only an operator can decide is a gap until it is decided, not a failure', () => {
  const chosen: Requirement = {
    needs: ['edge.tls', 'network.lock-down'],
    gaps: [],
    choice: 'network.lock-down',
  }
  const decision = (passed: boolean) =>
    evidence({ name: 'network.lock-down', promises: ['CUS-1'], passed, summary: 'Nobody has decided.' })
  const open = judge(chosen, evidence(), decision(false))
  assert.deepEqual([open.state, open.gaps], ['not-yet', ['Nobody has decided.']])
  const decided = judge(chosen, evidence(), decision(true))
  assert.deepEqual([decided.state, decided.gaps], ['kept', []])
  // Decided, and something else fails: that is no gap.
  assert.deepEqual(judge(chosen, evidence({ passed: false }), decision(true)).gaps, [])
})

test('a promise that needs nothing is never kept', () => {
  const { state, reason } = judge({ needs: [], gaps: [] }, evidence())
  assert.deepEqual([state, reason], ['not-yet', 'Nothing checks it yet.'])
})

test('a failed check breaks the promise and is told', () => {
  const { state, reason } = judge(NEEDS, evidence({ passed: false, summary: 'TLSv1 was accepted.' }))
  assert.equal(state, 'not-yet')
  assert.match(reason ?? '', /edge\.tls failed at 2026-03-10T11:59:00\.000Z: TLSv1 was accepted\./)
})

test('old evidence proves nothing: the last second counts, the one after it does not', () => {
  const at = (ageS: number) => evidence({ at: new Date(NOW.getTime() - ageS * 1000).toISOString() })
  assert.equal(judge(NEEDS, at(600)).state, 'kept')
  const { state, reason } = judge(NEEDS, at(601))
  assert.equal(state, 'not-yet')
  assert.match(reason ?? '', /too old/)
})

test('evidence from the future proves nothing', () => {
  assert.equal(judge(NEEDS, evidence({ at: '2026-03-10T12:02:00.000Z' })).state, 'not-yet')
})

test('of several needs, a missing one is named', () => {
  const { state, reason } = judge({ needs: ['edge.tls', 'edge.drill'], gaps: [] }, evidence())
  assert.deepEqual([state, reason], ['not-yet', 'edge.drill has not run yet.'])
})

test('a drill that names the promise and failed lately breaks it, also when it is not required', () => {
  const drill = { source: 'drill', name: 'some-drill', passed: false, summary: 'It got in.' } as const
  assert.equal(judge(NEEDS, evidence(), evidence(drill)).state, 'not-yet')
  assert.equal(judge(NEEDS, evidence(), evidence({ ...drill, passed: true })).state, 'kept')
  const old = evidence({ ...drill, at: '2026-03-01T00:00:00.000Z' })
  assert.equal(judge(NEEDS, evidence(), old).state, 'kept')
})

test('layers without a kept promise are named', () => {
  const { covered, bare } = judgeLayers(judgePromises([evidence()], NOW))
  assert.deepEqual(covered, ['What customers can do'])
  assert.ok(bare.includes('The building') && bare.includes('Platform'))
})
