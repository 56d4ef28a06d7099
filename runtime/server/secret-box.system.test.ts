import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { makeSecretBox } from './secret-box.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'

let database: TestDatabase
const masterKey = randomBytes(32)

before(async () => {
  database = await makeTestDatabase()
})
after(async () => {
  await database.close()
})

test('what is sealed opens for its owner only', async () => {
  const box = makeSecretBox(database.db, masterKey)
  const sealed = await box.seal('app_one', 'a wörd')
  await box.seal('app_two', 'other')
  assert.ok(!sealed.includes('a w'))
  assert.equal(await box.open('app_one', sealed), 'a wörd')
  await assert.rejects(box.open('app_two', sealed))
})

test('one changed bit is found', async () => {
  const box = makeSecretBox(database.db, masterKey)
  const sealed = await box.seal('app_one', 'text')
  const bytes = Buffer.from(sealed.slice(3), 'base64')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await assert.rejects(box.open('app_one', `v1.${bytes.toString('base64')}`))
})

test('many first secrets of one owner at the same moment share one key', async () => {
  const box = makeSecretBox(database.db, masterKey)
  const sealed = await Promise.all(Array.from({ length: 10 }, (_, n) => box.seal('app_many', String(n))))
  const opened = await Promise.all(sealed.map((text) => box.open('app_many', text)))
  assert.deepEqual(
    opened,
    sealed.map((_, n) => String(n)),
  )
})

test('another master key opens nothing, and a forgotten owner is forgotten for ever', async () => {
  const box = makeSecretBox(database.db, masterKey)
  const sealed = await box.seal('app_gone', 'text')
  await assert.rejects(makeSecretBox(database.db, randomBytes(32)).open('app_gone', sealed))
  await box.forget('app_gone')
  await assert.rejects(box.open('app_gone', sealed))
  await box.seal('app_gone', 'a new key')
  await assert.rejects(box.open('app_gone', sealed))
})
