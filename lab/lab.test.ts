import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { findHost, findSite, groupOf, labHome, labOf } from './lab.ts'
import { USUAL_SHAPE } from './plan.ts'

const file = {
  version: 1,
  createdAt: '2026-01-01T00:00:00Z',
  shape: USUAL_SHAPE,
  block: 3,
  platform: null,
} as const
const lab = labOf('/var/lib/maru-lab', file, { unified: '/c', others: [] }, {})
const code = (expected: string) => (error: unknown) => error instanceof MaruError && error.code === expected

test('a lab is named after its folder, and two folders never share a name', () => {
  assert.match(groupOf('/var/lib/maru-lab'), /^maru-lab-[0-9a-f]{6}$/)
  assert.match(groupOf('/srv/rehearsal'), /^maru-lab-rehearsal-[0-9a-f]{6}$/)
  assert.notEqual(groupOf('/srv/one/lab'), groupOf('/srv/two/lab'))
})

test('a folder that would break the options of a mount is refused', () => {
  assert.equal(labHome('/srv/my-lab_1.0'), '/srv/my-lab_1.0')
  for (const home of ['/srv/a,b', '/srv/a:b', '/srv/a b', '/'])
    assert.throws(() => labHome(home), code('invalid'))
})

test('who is not in the lab is refused with the names of those who are', () => {
  assert.equal(findHost(lab, 'dc2-h1').site, 'dc2')
  assert.throws(() => findHost(lab, 'dc3-h1'), /no host dc3-h1/)
  assert.throws(() => findSite(lab, 'dc3'), code('lab.unknown_site'))
})
