import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyDrill } from '#drills/drill.ts'
import { DRILLS } from '#drills/register.ts'
import { testDrill } from './drill-results.ts'

/** What the network promises and one host can show; links between hosts (NET-7) need a lab, and are in that of two data centres. */
const PROMISES = ['NET-1', 'NET-2', 'NET-3', 'NET-4', 'NET-5', 'NET-6', 'NET-8', 'CUS-6', 'ASR-3'] as const

const isOfNetwork = ({ needs, promises }: AnyDrill) =>
  needs === 'machine' && promises.some((id) => PROMISES.some((one) => one === id))
const OF_NETWORK = DRILLS.filter(isOfNetwork)

test('each promise of the network has a drill that one host can carry out', () => {
  const shown = new Set<string>(OF_NETWORK.flatMap(({ promises }) => promises))
  assert.deepEqual(
    PROMISES.filter((id) => !shown.has(id)),
    [],
  )
})

for (const drill of OF_NETWORK) testDrill(drill)
