import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BENCHMARKS } from './benchmarks.ts'
import { BENCHMARK_NAMES } from './names.ts'

test('the command line names every benchmark, in the order of a run', () => {
  assert.deepEqual(
    BENCHMARKS.map(({ name }) => name),
    [...BENCHMARK_NAMES],
  )
})
