import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storableJson } from './storable-json.ts'

test('texts lose what jsonb refuses and nothing else', () => {
  const cut = '😀'.slice(0, 1)
  assert.equal(storableJson({ a: `x\0y${cut}`, b: [1, null, '😀'] }), '{"a":"xy\uFFFD","b":[1,null,"😀"]}')
})
