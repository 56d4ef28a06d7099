import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from './durations.ts'

test('times that people type are read; what is none is refused', () => {
  assert.deepEqual(
    ['30m', '2h', '7d'].map((text) => parseDuration(text, '--for')),
    [1_800_000, 7_200_000, 604_800_000],
  )
  for (const text of ['', '0h', '2', 'h', '-1h', '1.5h', '2w', '99999d'])
    assert.throws(() => parseDuration(text, '--for'), /--for: must be a time such as/, text)
})
