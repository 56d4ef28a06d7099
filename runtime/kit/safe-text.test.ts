import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safeLines, safeText } from './safe-text.ts'

test('text that could play with the terminal becomes visible', () => {
  const cases: Array<[string, string]> = [
    ['plain text, ünïcode, 한글, 👍🏽', 'plain text, ünïcode, 한글, 👍🏽'],
    ['a\tb', 'a\tb'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['\u001b[2J\u001b[1A', '\\x1b[2J\\x1b[1A'],
    ['10%\r100%', '10%\\x0d100%'],
    ['windows line\r', 'windows line'],
    ['\u009b31m', '\\x9b31m'],
    ['user\u202etxt.exe', 'user\\u202etxt.exe'],
    ['\u2066hidden\u2069', '\\u2066hidden\\u2069'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['null\u0000', 'null\\x00'],
  ]
  for (const [given, expected] of cases) assert.equal(safeText(given), expected)
})

test('safeLines keeps line breaks and nothing else', () => {
  assert.equal(safeLines('a\r\nb\u0008\nc'), 'a\nb\\x08\nc')
})
