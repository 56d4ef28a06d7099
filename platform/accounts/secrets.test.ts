import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSecret, looksLikeToken, newTokenSecret, toBase62 } from './secrets.ts'

test('base 62 keeps every bit and always has the same length', () => {
  assert.equal(toBase62(new Uint8Array(32)), '0'.repeat(43))
  const largest = toBase62(new Uint8Array(32).fill(255))
  assert.equal(largest.length, 43)
  const back = [...largest].reduce(
    (sum, sign) =>
      sum * 62n + BigInt('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(sign)),
    0n,
  )
  assert.equal(back, 2n ** 256n - 1n)
})

test('a token is recognised before the database is asked', () => {
  const token = newTokenSecret()
  assert.ok(looksLikeToken(token))
  assert.notEqual(token, newTokenSecret())
  for (const text of ['', 'maru_', `${token}x`, ` ${token}`, token.replace('maru', 'ruma'), `${token}\n`])
    assert.ok(!looksLikeToken(text), text)
  assert.equal(hashSecret(token).length, 32)
})
