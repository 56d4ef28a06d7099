import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DETECTION_RULES } from '#platform/detection/rules.ts'
import { BREAK_IN, KNOWN_ATTACKS } from './known-attacks.ts'

test('each rule about requests and answers is tried once', () => {
  const rules = DETECTION_RULES.filter(({ way }) => way === 'in' || way === 'back').map(({ sid }) => sid)
  const tried = [...KNOWN_ATTACKS, BREAK_IN].map(({ rule }) => rule)
  assert.deepEqual(tried.sort(), rules.sort())
})
