import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberFromOutside } from './namespaces.ts'

test('a process is found by the number that it has where it is seen, and one that has ended is not', async () => {
  assert.equal(await numberFromOutside('', process.pid), process.pid)
  assert.equal(await numberFromOutside('', 2 ** 22), undefined)
})
