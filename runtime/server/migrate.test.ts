import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNames, loadMigrations, type Migration, planMigrations } from './migrate.ts'

const one: Migration = { name: '0001-one.sql', checksum: 'a', text: '' }
const two: Migration = { name: '0002-two.sql', checksum: 'b', text: '' }

test('only what is missing is applied, in order', () => {
  assert.deepEqual(planMigrations([one, two], []), [one, two])
  assert.deepEqual(planMigrations([one, two], [one]), [two])
  assert.deepEqual(planMigrations([one, two], [one, two]), [])
})

test('a migration that was changed or removed after it was applied is refused', () => {
  assert.throws(() => planMigrations([{ ...one, checksum: 'z' }, two], [one]), /0001-one\.sql was changed/)
  assert.throws(() => planMigrations([two], [one]), /0001-one\.sql was applied but is no longer here/)
})

test('names are numbered and no number is used twice', async () => {
  assert.throws(() => checkNames(['1-one.sql']), /not named like/)
  assert.throws(() => checkNames(['0001-one.sql', '0001-two.sql']), /have the same number/)
  assert.ok((await loadMigrations()).length > 0)
})
