import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppMetrics } from '#contract/metrics.ts'
import { totalsOf, trafficMoments, usageMoments } from './series.ts'

const at = (second: number) => `2026-03-10T12:00:${String(second).padStart(2, '0')}.000Z`
const METRICS = {
  range: '1h',
  stepS: 10,
  from: at(0),
  to: at(40),
  traffic: [
    { at: at(0), requests: 20, clientErrors: 4, serverErrors: 1, latencyMs: 10 },
    { at: at(20), requests: 0, clientErrors: 0, serverErrors: 0, latencyMs: null },
    { at: at(30), requests: 60, clientErrors: 0, serverErrors: 0, latencyMs: 50 },
  ],
  instances: [
    { instance: 'web.1', process: 'web', points: [{ at: at(10), memoryBytes: 5, cpu: 0.5 }] },
    { instance: 'web.2', process: 'web', points: [{ at: at(10), memoryBytes: 7, cpu: 0.1 }] },
  ],
  limits: { memoryBytes: 100, cpus: 1 },
  releases: [],
} as unknown as AppMetrics

test('a step that nobody counted is a gap, a step without requests is zero', () => {
  assert.deepEqual(
    trafficMoments(METRICS).map(({ good, latencyMs }) => [good, latencyMs]),
    [
      [1.5, 10],
      [null, null],
      [0, null],
      [6, 50],
    ],
  )
})

test('every instance is a line of its own', () => {
  const [first, second] = usageMoments(METRICS, 'memoryBytes')
  assert.deepEqual([first?.['web-1'], first?.['web-2']], [null, null])
  assert.deepEqual([second?.['web-1'], second?.['web-2']], [5, 7])
})

test('totals weigh latency by requests', () => {
  assert.deepEqual(totalsOf(METRICS), { requests: 80, clientErrors: 4, serverErrors: 1, meanLatencyMs: 40 })
  assert.equal(totalsOf({ traffic: [] }).meanLatencyMs, null)
})
