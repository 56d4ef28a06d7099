import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderPairs, renderTable } from './table.ts'
import { textWidth } from './terminal-text.ts'

const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'DETAIL' }]

test('columns line up and numbers stand on the right', () => {
  const text = renderTable(columns, [
    ['notes', '9', 'fine'],
    ['shop', '1200', ''],
  ])
  assert.equal(text, 'NAME   SIZE  DETAIL\nnotes     9  fine\nshop   1200\n')
})

test('a table fits the terminal by cutting its widest column', () => {
  const rows = [['notes', '9', 'a long sentence that goes on and on and would wrap']]
  const lines = renderTable(columns, rows, 40).trimEnd().split('\n')
  for (const line of lines) assert.ok(textWidth(line) <= 40, line)
  assert.match(lines[1] ?? '', /^notes {5}9 {2}a long sentence .*…$/)
})

test('cells cannot play with the terminal', () => {
  assert.ok(!renderTable([{ title: 'X' }], [['a\u001b[2Jb\nc']]).includes('\u001b'))
  assert.equal(renderTable([{ title: 'X' }], [['a\nb']]), 'X\na\\x0ab\n')
})

test('pairs line up', () => {
  assert.equal(
    renderPairs([
      ['A', '1'],
      ['LONG', '2'],
    ]),
    'A     1\nLONG  2\n',
  )
})
