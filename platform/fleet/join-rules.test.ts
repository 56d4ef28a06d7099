import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMachine, isRenewalDue } from './join-rules.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const installation = { version: '1.4.0+66', now: NOW, skewS: 300 }
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000).toISOString()

test('the same version and a clock a little off are borne', () => {
  for (const seconds of [0, 300, -300])
    checkMachine({ version: '1.4.0+66', clock: at(seconds) }, installation)
})

test('another version is refused, older or newer, and both are named', () => {
  for (const version of ['1.3.9+66', '1.5.0+66', '1.4.0+65', '1.4.0+67', '1.4.0'])
    assert.throws(() => checkMachine({ version, clock: at(0) }, installation), {
      code: 'hosts.version_differs',
      params: { got: version, want: '1.4.0+66' },
    })
})

test('a clock an hour off is refused, in both directions, with the seconds', () => {
  for (const seconds of [3600, -3600])
    assert.throws(() => checkMachine({ version: '1.4.0+66', clock: at(seconds) }, installation), {
      code: 'hosts.clock_off',
      params: { seconds: 3600 },
    })
})

test('a certificate is renewed when a third of its days is left, and not before', () => {
  const days = (count: number) => new Date(NOW.getTime() + count * 86_400_000)
  const isDue = (from: number, to: number) => isRenewalDue({ from: days(from), to: days(to) }, 7, NOW)
  assert.equal(isDue(-4.6, 2.4), false)
  assert.equal(isDue(-4.6, 2.3), true)
  assert.equal(isDue(-8, -1), true)
  // One that an earlier version gave the first host lasts longer: its key is as old all the same.
  assert.equal(isDue(-4.6, 85.4), false)
  assert.equal(isDue(-4.8, 85.2), true)
})
