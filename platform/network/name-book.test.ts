import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'
import { makeNameBook } from './name-book.ts'

const NAME = 'api.example.org'
const INSIDE = ['10.89.0.0/16', '192.0.2.1']

/** A book whose clock and name server the test moves. */
function openBook() {
  let now = 1_000_000
  let said: string[] | Error = []
  let changes = 0
  let asked = 0
  const lookUp = async () => {
    asked += 1
    if (said instanceof Error) throw said
    return said.map((address) => ({ address, ttlS: 30 }))
  }
  const book = makeNameBook(
    lookUp,
    () => now,
    () => {
      changes += 1
    },
  )
  const look = async (answer: string[] | Error, laterMs = 0) => {
    said = answer
    now += laterMs
    book.keep([NAME], INSIDE)
    await settled()
    return book.addresses().get(NAME)
  }
  return { book, look, changes: () => changes, asked: () => asked }
}

test('a name means what its server says, is asked again when that ends, and keeps for an hour what was said', async () => {
  const { look, changes, asked } = openBook()
  assert.deepEqual(await look(['198.51.100.7']), ['198.51.100.7'])
  await look(['198.51.100.8'], 29_000)
  assert.deepEqual([asked(), changes()], [1, 1])
  assert.deepEqual(await look(['198.51.100.8'], 2_000), ['198.51.100.7', '198.51.100.8'])
  assert.equal(changes(), 2)
  assert.deepEqual(await look(['198.51.100.8'], 3_599_000), ['198.51.100.8'])
})

test('addresses that are private, the machine’s own or the installation’s are never taken', async () => {
  const { book, look } = openBook()
  const bad = ['10.1.2.3', '127.0.0.1', '169.254.169.254', '10.89.0.11', '192.0.2.1', '192.168.1.1']
  assert.deepEqual(await look([...bad, '198.51.100.7']), ['198.51.100.7'])
  assert.deepEqual(book.refused(), [NAME])
  await look(['198.51.100.7'], 31_000)
  assert.deepEqual(book.refused(), [])
})

test('a server that does not answer changes nothing until what it said has aged', async () => {
  const { look } = openBook()
  await look(['198.51.100.7'])
  assert.deepEqual(await look(new Error('no answer'), 60_000), ['198.51.100.7'])
  assert.deepEqual(await look(new Error('no answer'), 3_600_000), [])
})

test('a name that no rule speaks of is forgotten', async () => {
  const { book, look } = openBook()
  await look(['198.51.100.7'])
  book.keep([], INSIDE)
  assert.deepEqual([...book.addresses()], [])
})
