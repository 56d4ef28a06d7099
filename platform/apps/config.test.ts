import assert from 'node:assert/strict'
import { test } from 'node:test'
import { APP_LIMITS } from '#contract/apps.ts'
import { changeConfig } from './config.ts'

test('only what really changes counts', () => {
  const change = changeConfig({ A: '1', B: '2' }, { A: '1', B: null, C: '3', D: null })
  assert.deepEqual(change, { config: { A: '1', C: '3' }, set: ['C'], removed: ['B'] })
})

test('names that the platform sets are refused, removal included', () => {
  assert.throws(() => changeConfig({}, { PORT: '1' }), { code: 'apps.config_reserved' })
  assert.throws(() => changeConfig({}, { DATABASE_URL: null }), { code: 'apps.config_reserved' })
})

test('a value with a zero byte names its field', () =>
  assert.throws(() => changeConfig({}, { A: 'x\0y' }), /values\.A/))

test('size and number are limited, counted in bytes', () => {
  const long = 'é'.repeat(APP_LIMITS.configValueBytes / 2 + 1)
  assert.throws(() => changeConfig({}, { A: long }), { code: 'apps.limit' })
  const many = Object.fromEntries(
    Array.from({ length: APP_LIMITS.configValues + 1 }, (_, n) => [`N${n}`, '']),
  )
  assert.throws(() => changeConfig({}, many), { code: 'apps.limit' })
})
