import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PatroniMember } from '#runtime/drivers/patroni-client.ts'
import { judgePair, type PairSettings } from './evidence-pair.ts'

const leader: PatroniMember = { name: 'postgres-1', role: 'leader', state: 'running' }
const standby: PatroniMember = { name: 'postgres-2', role: 'sync_standby', state: 'streaming', lag: 0 }
const settings: PairSettings = { commit: 'on', standbys: 'postgres-2', rewinds: true }

test('a whole pair has no problem', () => {
  assert.deepEqual(judgePair([leader, standby], settings), [])
})

test('whatever is missing is a problem', () => {
  const cases: Array<[string, readonly PatroniMember[], PairSettings | undefined]> = [
    ['no primary', [standby], settings],
    ['two primaries', [leader, { ...leader, name: 'postgres-2' }, standby], settings],
    ['no standby', [leader], settings],
    ['a standby that nobody waits for', [leader, { ...standby, role: 'replica' }], settings],
    ['a standby that does not stream', [leader, { ...standby, state: 'starting' }], settings],
    ['a standby far behind', [leader, { ...standby, lag: 1e9 }], settings],
    ['a standby that does not say how far behind', [leader, { ...standby, lag: 'unknown' }], settings],
    ['commits that do not wait', [leader, standby], { ...settings, commit: 'local' }],
    ['no standby to wait for', [leader, standby], { ...settings, standbys: '' }],
    ['no way back', [leader, standby], { ...settings, rewinds: false }],
    ['a server that says nothing', [leader, standby], undefined],
  ]
  for (const [what, members, said] of cases) assert.ok(judgePair(members, said).length > 0, what)
})
