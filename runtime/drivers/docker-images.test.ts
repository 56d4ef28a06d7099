import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitReference } from './docker-images.ts'

test('a reference is parted as the engine wants it, and never means all tags', () => {
  const parts = (ref: string) => {
    const { fromImage, tag } = splitReference(ref)
    return `${fromImage} ${tag}`
  }
  assert.equal(parts('node'), 'node latest')
  assert.equal(parts('node:26-slim'), 'node 26-slim')
  assert.equal(parts('registry.example.org:5000/team/base'), 'registry.example.org:5000/team/base latest')
  assert.equal(parts('registry.example.org:5000/team/base:1.2'), 'registry.example.org:5000/team/base 1.2')
  assert.equal(parts('node@sha256:abc'), 'node sha256:abc')
  assert.equal(parts('node:26@sha256:abc'), 'node sha256:abc')
})
