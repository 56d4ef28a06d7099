import assert from 'node:assert/strict'
import { test } from 'node:test'
import { surplusTags } from './prune-images.ts'

const image = (name: string, n: number, tags = [`maru/${name}:${n}`]) => ({
  id: `${name}${n}`,
  tags,
  labels: { 'maru.image': name },
  createdAt: new Date(n * 1000),
})

test('the newest two of each name stay, and whatever an installation names', () => {
  const images = [1, 2, 3, 4].map((n) => image('platform', n))
  assert.deepEqual(surplusTags([...images, image('app', 1)], new Set(['platform1'])), ['maru/platform:2'])
})

test("images of apps and other people's tags are left alone", () => {
  const foreign = { ...image('x', 1), labels: {} }
  const tagged = [1, 2, 3].map((n) => image('base', n, [`maru/base:${n}`, `registry/base:${n}`]))
  assert.deepEqual(surplusTags([foreign, ...tagged], new Set()), ['maru/base:1'])
})
