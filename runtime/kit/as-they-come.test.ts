import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asTheyCome } from './as-they-come.ts'

async function* counted(name: string, gates: ReadonlyArray<Promise<void>>) {
  for (const [at, gate] of gates.entries()) {
    await gate
    yield `${name}${at}`
  }
}

test('a source that waits keeps no other from being heard', async () => {
  const late = Promise.withResolvers<void>()
  const heard: string[] = []
  for await (const item of asTheyCome([
    counted('a', [late.promise]),
    counted('b', [Promise.resolve(), Promise.resolve()]),
  ])) {
    heard.push(item)
    if (item === 'b1') late.resolve()
  }
  assert.deepEqual(heard, ['b0', 'b1', 'a0'])
})

test('the failure of a source is the failure of all', async () => {
  async function* failing(): AsyncGenerator<string> {
    yield 'one'
    throw new Error('cut off')
  }
  const never = new Promise<void>(() => {})
  await assert.rejects(Array.fromAsync(asTheyCome([failing(), counted('a', [never])])), /cut off/)
})
