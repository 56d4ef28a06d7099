import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Progress } from '#runtime/cli/progress.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
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

test('a stage that fails is told, and is cleaned up after', async () => {
  const { seen, run } = watch()
  let cleaned = false
  const drill = drillOf(() => ({
    fault: async () => {
      throw new Error('nobody leads')
    },
    cleanUp: async () => {
      cleaned = true
    },
  }))
  await assert.rejects(runDrill(drill, run), /made-up was not carried out: its fault failed \(nobody leads\)/)
  assert.equal(cleaned, true)
  assert.ok(seen.includes('end failed'))
})
