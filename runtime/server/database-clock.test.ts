import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onOwnClock } from './database-clock.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000)

test('what is five seconds old by the database’s clock is so by the one of whoever reads it, however far apart they are', () => {
  for (const aheadS of [-300, 0, 300])
    assert.deepEqual(onOwnClock(at(0), at(5), at(5 + aheadS)), at(aheadS), `${aheadS}`)
})
