import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { appRoutes } from './apps.ts'
import { parseWith } from './errors.ts'
import { ProcessType } from './ids.ts'

const reasonOf = (schema: z.ZodType, input: unknown): string => {
  try {
    parseWith(schema, input, 'it')
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}

test('what is wrong is said in plain words', () => {
  const { query } = appRoutes.logs
  assert.equal(reasonOf(query, { tail: 'abc' }), 'it.tail: must be a number')
  assert.equal(reasonOf(query, { tail: 99_999 }), 'it.tail: must be at most 10000')
  assert.equal(reasonOf(query, { tail: -1 }), 'it.tail: must be at least 0')
  assert.equal(reasonOf(query, { tial: 1 }), 'it: has nothing called tial')
  assert.equal(reasonOf(z.string().min(1), ''), 'it: must have at least 1 characters')
  assert.equal(reasonOf(z.strictObject({ a: z.string() }), {}), 'it.a: is needed')
  assert.equal(reasonOf(z.enum(['x', 'y']), 'z'), 'it: must be x or y')
})

test("a schema's own words come first, for a name in a record too", () => {
  const own = /must be 1 to 20 characters/
  assert.match(reasonOf(ProcessType, 'A B'), own)
  assert.match(reasonOf(z.record(ProcessType, z.number()), { 'A B': 1 }), own)
})
