import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrillResult } from '#contract/drill-result.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { NothingProven, notMeasured } from './not-measured.ts'
import { type RunOfDrill, runDrill } from './run-drill.ts'

/** A drill whose stages are given. */
const drillOf = (begin: (place: DrillPlace) => Partial<Stages<'silence'>>): Drill<'silence'> => ({
  name: 'made-up',
  promises: ['BAK-2'],
  summary: 'For this test',
  harmless: true,
  setUp: 'Nothing.',
  fault: 'None.',
  measures: { silence: { unit: 's', limit: 5 } },
  expectedS: 1,
  begin: (place) => ({
    setUp: async () => {},
    fault: async () => {},
    measure: async () => ({ values: { silence: 1 }, result: 'It was so.' }),
    cleanUp: async () => {},
    ...begin(place),
  }),
})

/** Writes down what the person who watches would see. */
function watch() {
  const seen: string[] = []
  const progress: Progress = {
    step: (text) => void seen.push(`step ${text}`),
    update: (text) => void seen.push(`update ${text}`),
    log: (line) => void seen.push(`log ${line}`),
    note: (text) => void seen.push(`note ${text}`),
    end: (result) => void seen.push(`end ${result}`),
    clear: () => {},
    isActive: () => false,
  }
  // Its stages use no more of the place than this.
  const place = { signal: new AbortController().signal } as RunOfDrill['place']
  const run: RunOfDrill = { place, where: 'lab', progress, now: () => new Date('2026-03-10T12:00:00Z') }
  return { seen, run }
}

test('what a drill marks is its time line, and the person who watches sees it as it happens', async () => {
  const { seen, run } = watch()
  const drill = drillOf((place) => ({
    fault: async () => place.mark('fault'),
    measure: async () => {
      place.show('3 writes')
      place.mark('first success')
      return {
        values: { silence: 1 },
        result: 'It was so.',
        figures: { writes: { value: 3, unit: 'writes' } },
      }
    },
  }))
  const versions = async () => [{ name: 'Linux', version: '6.18' }]
  const result = await runDrill(drill, { ...run, versions })
  assert.deepEqual(
    result.timeLine?.marks.map(({ label }) => label),
    ['fault', 'first success'],
  )
  assert.deepEqual(
    result.timeLine?.stages.map(({ name }) => name),
    ['set-up', 'fault', 'measurement'],
  )
  assert.deepEqual(result.figures, [{ name: 'writes', value: 3, unit: 'writes' }])
  assert.deepEqual(result.versions, [{ name: 'Linux', version: '6.18' }])
  const words = seen.join('\n')
  assert.match(words, /log fault\n/)
  assert.match(words, /update 3 writes \(0 s of about 1 s\)\nlog first success 0\.\d\d s after the fault\n/)
})

test('a drill that marks nothing is a result all the same', async () => {
  const { run } = watch()
  const result = await runDrill(
    drillOf(() => ({})),
    run,
  )
  assert.equal(result.passed, true)
  assert.deepEqual(result.timeLine?.marks, [])
  assert.equal(result.ledger, undefined)
})

/** A drill of which a stage fails; says whether it was cleaned up after. */
function failing(stage: 'setUp' | 'fault' | 'measure', error: Error) {
  const seen = { isClean: false }
  const drill = drillOf((place) => ({
    fault: async () => place.mark('fault'),
    [stage]: async () => {
      throw error
    },
    cleanUp: async () => {
      seen.isClean = true
    },
  }))
  return { drill, seen }
}

test('a set-up that fails is told and cleaned up after, and is no result: nothing was proven', async () => {
  const { seen, run } = watch()
  const { drill, seen: after } = failing('setUp', new Error('nobody leads'))
  await assert.rejects(
    runDrill(drill, run),
    /made-up was not carried out: its set-up failed \(nobody leads\)/,
  )
  assert.equal(after.isClean, true)
  assert.ok(seen.includes('end failed'))
})

test('what fails from the fault on is a result that did not pass, with the time line so far and no invented figure', async () => {
  for (const [stage, name] of [
    ['fault', 'fault'],
    ['measure', 'measurement'],
  ] as const) {
    const { seen, run } = watch()
    const { drill, seen: after } = failing(stage, new Error('connect ECONNREFUSED 10.85.0.7:5432.'))
    const result = DrillResult.parse(await runDrill(drill, run))
    assert.equal(result.passed, false)
    assert.equal(result.result, `Not measured: its ${name} failed (connect ECONNREFUSED an address).`)
    assert.deepEqual(result.measures, [{ name: 'silence', value: null, unit: 's', limit: 5 }])
    assert.equal(result.timeLine?.stages.at(-1)?.name, name)
    assert.equal(after.isClean, true)
    // Who watches reads the reason in full, and before the clean-up.
    const note = seen.indexOf(`note The ${name} failed: connect ECONNREFUSED 10.85.0.7:5432.`)
    assert.ok(note > seen.indexOf('end failed') && note < seen.indexOf('step Clean-up'), seen.join('\n'))
  }
})

test('a drill that is interrupted, or whose own attack did not come about, is no result', async () => {
  const { run } = watch()
  const { drill } = failing('fault', new NothingProven('there was no flood'))
  await assert.rejects(runDrill(drill, run), /its fault failed \(there was no flood\)/)
  const stopping = new AbortController()
  const interrupted = drillOf(() => ({
    measure: async () => {
      stopping.abort()
      throw new Error('the connection was ended')
    },
  }))
  const place = { ...run.place, signal: stopping.signal }
  await assert.rejects(
    runDrill(interrupted, { ...run, place }),
    /its measurement failed \(it was interrupted\)/,
  )
})

test('a measure that came to no number is not kept, and the others stay', async () => {
  const { run } = watch()
  const drill = drillOf(() => ({
    measure: async () => ({ values: { silence: Number.POSITIVE_INFINITY }, result: 'Nobody answered.' }),
  }))
  const { measures, passed, result } = await runDrill(drill, run)
  assert.deepEqual([measures[0]?.value, passed, result], [null, false, 'Nobody answered.'])
})

test('the reason of a result that is public names no address, and is no longer than one reads', () => {
  const said = (reason: string) => notMeasured('fault', reason).result
  assert.equal(
    said('no route to fd00::12: at 192.0.2.7, 12:30:45\n from ::1'),
    'Not measured: its fault failed (no route to an address: at an address, 12:30:45 from an address).',
  )
  assert.ok(said('face to face '.repeat(200)).length < 500)
})
