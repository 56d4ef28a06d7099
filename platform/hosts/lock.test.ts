import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLocked, takeLock } from './lock.ts'

const home = `/lock-test-${process.pid}`

test('a data folder is locked for as long as one command holds it, and the next one is told who', async () => {
  assert.equal(await isLocked(home), false)
  const unlock = await takeLock(home, 'up')
  assert.equal(await isLocked(home), true)
  assert.equal(await isLocked(`${home}-other`), false)
  await assert.rejects(takeLock(home, 'down'), (error: { code?: string; params?: unknown }) => {
    assert.equal(error.code, 'hosts.locked')
    assert.deepEqual(error.params, { pid: process.pid, command: 'up' })
    return true
  })
  unlock()
  assert.equal(await isLocked(home), false)
})
