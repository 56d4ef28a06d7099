import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makePool } from './database.ts'
import { makeJobPool } from './job-pool.ts'
import { makeTestDatabase, silent, type TestDatabase } from './test-database.ts'

let database: TestDatabase

before(async () => {
  database = await makeTestDatabase()
})
after(async () => {
  await database.close()
})

test('the connection that listens may be given back twice, and is one connection of the pool again', async () => {
  const pool = makePool(database.connection, silent, 1)
  const { pool: jobPool } = makeJobPool(pool, new AbortController().signal, (error) =>
    assert.fail(String(error)),
  )
  await new Promise<void>((resolve, reject) => {
    jobPool.connect((error, client, release) => {
      if (error || client === undefined) return reject(error)
      release()
      release()
      resolve()
    })
  })
  assert.equal((await pool.query('select 1 as one')).rows[0]?.one, 1)
  assert.deepEqual([pool.totalCount, pool.idleCount], [1, 1])
  await pool.end()
})
