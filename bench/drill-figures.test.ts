import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import type { BenchPlace } from './benchmark.ts'
import { measureDrills } from './drill-figures.ts'

const RESULT: DrillResult = {
  drill: 'rules-changed-by-hand',
  promises: ['NET-1'],
  startedAt: '2026-01-02T03:04:05.000Z',
  finishedAt: '2026-01-02T03:05:05.000Z',
  place: 'lab',
  setUp: 'A platform.',
  fault: 'Somebody opens doors.',
  passed: false,
  measures: [{ name: 'open doors', value: 2, unit: 'doors', limit: 0 }],
  result: 'Two doors were open.',
  figures: [
    { name: 'packets of the flood that arrived', value: 41_000, unit: 'packets/s' },
    { name: 'doors that were tried', value: 16, unit: 'doors' },
  ],
}
const REFUSED = new MaruError('drills.only_in_lab', { drill: 'flooded-from-outside', home: '/var/lib/maru' })
const STOPPED = new MaruError('drills.stopped', {
  drill: 'known-attacks-seen',
  stage: 'set-up',
  reason: 'no app came up',
})

const UNMEASURED: DrillResult = {
  ...RESULT,
  drill: 'app-reaches-out',
  measures: [{ name: 'packets', value: null, unit: 'packets', limit: 0 }],
  result: 'Not measured: its measurement failed (the platform was away).',
}

/** What `maru drill run` says of each, in its exit code and on its streams. */
const ANSWERS: Readonly<Record<string, { exitCode: number; stdout: string; stderr: string }>> = {
  'rules-changed-by-hand': { exitCode: 1, stdout: JSON.stringify(RESULT), stderr: '' },
  'app-reaches-out': { exitCode: 1, stdout: JSON.stringify(UNMEASURED), stderr: '' },
  'flooded-from-outside': { exitCode: 3, stdout: '', stderr: JSON.stringify(REFUSED.toBody()) },
  'known-attacks-seen': { exitCode: 1, stdout: '', stderr: JSON.stringify(STOPPED.toBody()) },
  'frames-forged-by-instance': { exitCode: 1, stdout: '', stderr: 'Killed\n' },
}

test('a drill that is refused, stopped, killed or not measured costs its own figures only, and is named with the reason', async () => {
  const place = {
    say: () => {},
    maru: async ([, , drill = '']: readonly string[]) => ({
      ...(ANSWERS[drill] ?? assert.fail(drill)),
      timedOut: false,
    }),
  } as Partial<BenchPlace> as BenchPlace
  const drills = Object.keys(ANSWERS).reverse()
  const { figures, missing } = await measureDrills(place, drills)
  assert.deepEqual(
    figures.map(({ row, column, value }) => [row, column, value]),
    [
      ['rules-changed-by-hand: open doors', 'seen', 2],
      ['rules-changed-by-hand: open doors', 'at most', 0],
      ['rules-changed-by-hand: packets of the flood that arrived', 'seen', 41_000],
    ],
  )
  assert.deepEqual(missing, [
    { what: 'frames-forged-by-instance', reason: 'Killed', failed: true },
    { what: 'known-attacks-seen', reason: STOPPED.message, failed: true },
    { what: 'flooded-from-outside', reason: REFUSED.message, failed: false },
    { what: 'app-reaches-out', reason: UNMEASURED.result, failed: true },
  ])
})
