import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostReport } from '#contract/agent.ts'
import { REPORT_WORDS } from '#contract/agent-api.ts'
import { asKnown } from './report-words.ts'

const address = '203.0.113.1'
const report = HostReport.parse({
  ...{ host: 'east-1', generation: 3, components: [], instances: [], problem: '', disk: null, figures: null },
  ...{ sequence: 7, at: '2030-01-07T08:00:00.000Z' },
  addresses6: ['2001:db8::1'],
  filter: { restored: 0, restoredAt: null, bridged: true, refusedNames: [], locked: true },
  upstream: { sessions: [], above: [], measured: [{ address, perSecond: 1, highest: 2 }], problem: '' },
})

test('who names the words of a report gets it whole', () => {
  assert.deepEqual(asKnown(report, REPORT_WORDS.join(' ')), report)
})

test('a control plane of a version before, which names none, gets what it knows and no more', () => {
  const { addresses6: _addresses6, upstream, filter, ...rest } = report
  const { measured: _measured, ...known } = upstream ?? assert.fail()
  const { locked: _locked, ...rules } = filter ?? assert.fail()
  assert.deepEqual(asKnown(report, undefined), { ...rest, upstream: known, filter: rules })
})
