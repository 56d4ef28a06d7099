import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type DrillResult, isWithin } from '#contract/drill-result.ts'
import type { AnyDrill } from '#drills/drill.ts'
import { FAILED_AFTER, FAILOVER_S, LAST_FAILED } from '#drills/hosts/fault-of-hosts.ts'
import { cli } from './harness.ts'

/**
 * A test asks whether the platform did what is right: nothing lost, nothing failed, all whole again. How fast is a matter of the
 * machine, which does other work beside tests: times may be this often their limit, and what failed later than that is not counted.
 * The drill's own word for it stays.
 */
const PATIENCE = 4

/** Reports what a drill measured. */
export function tellMeasures(t: TestContext, { drill, result, measures, timeLine }: DrillResult): void {
  t.diagnostic(`${drill}: ${result}`)
  for (const { name, value, unit, limit } of measures)
    t.diagnostic(`${drill}, ${name}: ${value ?? 'not measured,'} ${unit} (limit ${limit})`)
  const marks = timeLine?.marks.map(({ label, atS }) => `${label} ${atS} s`)
  if (marks !== undefined) t.diagnostic(`${drill}, time line: ${marks.join(', ')}`)
}

/** Reports what a drill measured and asserts all of it; times with a busy machine's patience. */
export function checkMeasures(t: TestContext, done: DrillResult): void {
  tellMeasures(t, done)
  const { drill, result, measures, figures } = done
  const isLate = measures.some(({ value, unit, limit }) => unit === 's' && value !== null && value > limit)
  const lastFailedS = figures?.find(({ name }) => name === LAST_FAILED)?.value ?? Number.POSITIVE_INFINITY
  const slow = isLate || lastFailedS <= FAILOVER_S * PATIENCE
  const over = measures.filter(({ name, value, unit, limit }) => {
    if (slow && name === FAILED_AFTER) return false
    return !isWithin({ value, limit: limit * (unit === 's' || unit === 'ms' ? PATIENCE : 1) })
  })
  assert.deepEqual(over, [], `${drill}: ${result}`)
}

const DRILL_MS = 600_000

/** A test that carries a drill out on the installation of this run: every measure within its own limit. */
export const testDrill = ({ name, summary }: AnyDrill): Promise<void> =>
  test(`${name} is kept: ${summary}`, async (t) => {
    const done = await cli(['drill', 'run', name, '--json'], { timeoutMs: DRILL_MS })
    assert.ok(done.stdout, done.stderr)
    const result = JSON.parse(done.stdout) as DrillResult
    tellMeasures(t, result)
    const over = result.measures.filter((measure) => !isWithin(measure))
    assert.deepEqual(over, [], result.result)
    assert.deepEqual([result.passed, done.exitCode], [true, 0])
  })
