import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textWidth, truncate } from './terminal-text.ts'

test('width counts columns, not code units', () => {
  assert.equal(textWidth('abc'), 3)
  assert.equal(textWidth('한글'), 4)
  assert.equal(textWidth('e\u0301'), 1)
})

test('truncate says that something is missing', () => {
  assert.equal(truncate('abcdef', 6), 'abcdef')
  assert.equal(truncate('abcdefg', 6), 'abcde…')
  assert.equal(truncate('한글한글', 5), '한글…')
})
