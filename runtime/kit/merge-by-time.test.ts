import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeByTime } from './merge-by-time.ts'

const left: string[] = []

async function* source(name: string, times: readonly string[]) {
  try {
    for (const at of times) yield { at, name }
  } finally {
    left.push(name)
  }
}

const collect = async (sources: Array<ReturnType<typeof source>>) =>
  (await Array.fromAsync(mergeByTime(sources))).map(({ at, name }) => `${at}${name}`)

test('items come by time, equal ones in the order of their sources', async () => {
  const merged = await collect([source('a', ['1', '4', '5']), source('b', ['2', '4']), source('c', [])])
  assert.deepEqual(merged, ['1a', '2b', '4a', '4b', '5a'])
})

test('no sources are an end', async () => {
  assert.deepEqual(await collect([]), [])
})

test('who leaves early leaves every source', async () => {
  left.length = 0
  for await (const { at } of mergeByTime([source('a', ['1', '3']), source('b', ['2', '4'])]))
    if (at === '2') break
  assert.deepEqual(left.sort(), ['a', 'b'])
})
