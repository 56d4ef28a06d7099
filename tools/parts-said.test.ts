import assert from 'node:assert/strict'
import { test } from 'node:test'
import { troubleOf } from './parts-said.ts'

test('of a log the last lines of trouble are shown, cut to a width; what is ordinary is left out', () => {
  const line = (level: string, event: string) => JSON.stringify({ at: 'now', level, event })
  const ordinary = Array.from({ length: 50 }, () => line('info', 'http.request'))
  const trouble = [line('warn', 'network.report_missed'), line('error', 'x'.repeat(900))]
  const shown = troubleOf([...ordinary, ...trouble, ...ordinary, ''].join('\n'))
  assert.deepEqual(
    shown.map(({ length }) => length),
    [trouble[0]?.length, 400],
  )
  assert.equal(troubleOf(Array.from({ length: 90 }, () => line('warn', 'again')).join('\n')).length, 40)
})
