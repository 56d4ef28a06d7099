import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMembers, latestChanges } from './pair.ts'

test('members keep their places, whoever leads, in words that people use', () => {
  const members = [
    { name: 'postgres-2', role: 'leader', state: 'running' },
    { name: 'postgres-1', role: 'sync_standby', state: 'streaming', lag: 0 },
    { name: 'postgres-3', role: 'standby_leader', state: 'running', lag: 'unknown' as const },
  ]
  assert.deepEqual(
    describeMembers(members).map(({ member, role, lagBytes }) => [member, role, lagBytes]),
    [
      ['postgres-1', 'synchronous standby', 0],
      ['postgres-2', 'primary', null],
      ['postgres-3', 'other', null],
    ],
  )
})

test('changes of the primary come latest first, each with the timeline that began; one without a time is left out', () => {
  const line = (timeline: number, at: string | null, leader: string | null) => ({
    timeline,
    reason: 'no recovery target specified',
    at,
    leader,
  })
  const history = [line(1, null, null), line(2, '2026-03-10T12:00:00.123456+01:00', 'postgres-2')]
  assert.deepEqual(latestChanges([...history, line(3, '2026-03-10T12:00:00+00:00', 'postgres-1')]), [
    { at: '2026-03-10T12:00:00.000Z', primary: 'postgres-1', timeline: 4 },
    { at: '2026-03-10T11:00:00.123Z', primary: 'postgres-2', timeline: 3 },
  ])
  const many = Array.from({ length: 30 }, (_, n) => line(n, '2026-03-10T12:00:00Z', 'postgres-1'))
  assert.equal(latestChanges(many).length, 10)
})
