import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeyPlan, type KnownKeys, planKey } from './key-plan.ts'

const one: KnownKeys = { keyHash: 'old', nextKeyHash: null }
const both: KnownKeys = { keyHash: 'old', nextKeyHash: 'new' }
const replaced: KnownKeys = { keyHash: 'new', nextKeyHash: null }
/** What an attacker may have: a key of his own, and the one that was replaced. */
const cases: ReadonlyArray<
  [what: string, known: KnownKeys, keyHash: string, by: string | null, KeyPlan['kind']]
> = [
  ['the key that it has', one, 'old', null, 'sign'],
  ['a new key, with the word of the one that it has', one, 'new', 'old', 'expect'],
  ['a new key with nobody’s word', one, 'new', null, 'refuse'],
  ['a new key with its own word', one, 'new', 'new', 'refuse'],
  ['a new key with the word of a stranger', one, 'new', 'strange', 'refuse'],
  ['the next key again: the answer was lost', both, 'new', 'old', 'sign'],
  ['the next key after it was cut off for long', both, 'new', null, 'sign'],
  ['the old key while the next one is awaited', both, 'old', null, 'sign'],
  ['another next key, because the host lost the first', both, 'newer', 'old', 'expect'],
  ['one more with the word of a key that is only awaited', both, 'newer', 'new', 'refuse'],
  ['the key that was replaced', replaced, 'old', null, 'refuse'],
  ['a key with the word of one that was replaced', replaced, 'strange', 'old', 'refuse'],
  [
    'anything, of a host that is not known by any key',
    { keyHash: null, nextKeyHash: null },
    'new',
    null,
    'refuse',
  ],
]

for (const [what, known, keyHash, vouchedBy, kind] of cases)
  test(`a host asks a certificate for ${what}: ${kind}`, () => {
    const plan = planKey(known, { keyHash, vouchedBy })
    assert.equal(plan.kind, kind)
    if (plan.kind === 'expect') assert.equal(plan.nextKeyHash, keyHash)
  })
