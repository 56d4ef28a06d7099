import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLine } from '#contract/apps.ts'
import { makeResumePoint } from './resume-point.ts'

const line = (instance: string, second: number, text = 'x'): LogLine => ({
  at: `2026-03-10T12:00:${String(second).padStart(2, '0')}.000Z`,
  instance,
  stream: 'stdout',
  line: text,
})

test('the first connection asks for no time, and equal lines at the same moment are all shown', () => {
  const resume = makeResumePoint()
  assert.equal(resume.begin(), undefined)
  assert.deepEqual([line('web.1', 1), line('web.1', 1), line('web.1', 1)].map(resume.isNew), [
    true,
    true,
    true,
  ])
})

test('after a lost connection lines that come again are left out, new ones are shown', () => {
  const resume = makeResumePoint()
  resume.begin()
  for (const one of [line('web.1', 20), line('web.1', 21), line('web.1', 21), line('web.2', 15)])
    resume.isNew(one)
  assert.equal(resume.begin(), '2026-03-10T12:00:11.000Z')
  const again = [
    line('web.2', 15),
    line('web.1', 20),
    line('web.1', 21),
    line('web.1', 21),
    line('web.1', 21),
    line('web.2', 16),
    line('web.3', 12),
  ]
  assert.deepEqual(again.map(resume.isNew), [false, false, false, false, true, true, true])
})

test('a second loss counts the lines of both connections', () => {
  const resume = makeResumePoint()
  resume.begin()
  resume.isNew(line('web.1', 20))
  resume.begin()
  assert.deepEqual([line('web.1', 20), line('web.1', 20)].map(resume.isNew), [false, true])
  resume.begin()
  assert.deepEqual([line('web.1', 20), line('web.1', 20), line('web.1', 22)].map(resume.isNew), [
    false,
    false,
    true,
  ])
})
