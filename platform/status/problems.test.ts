import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostReport } from '#contract/agent.ts'
import { problemsOf } from './problems.ts'

const filter = { restored: 0, restoredAt: null, bridged: true, refusedNames: [] }
const detector = { problem: '', saidAt: null, packets: 1, dropped: 0, rules: 30 }
const report = (more: object) =>
  HostReport.parse({
    ...{ sequence: 1, at: '2030-01-07T08:00:00.000Z', host: 'one', generation: 1, problem: '' },
    ...{ components: [], instances: [], disk: null, figures: null, filter, detector, ...more },
  })
const problems = (more: object, guard = '') =>
  problemsOf(new Map([['one', { report: report(more) }]]), [{ host: 'one', problem: guard }])

test('a host on which all is as it should be has no sentence', () => {
  assert.deepEqual(problems({}), [])
})

test('what cannot be set, what is refused, and what would go unseen are sentences with their host', () => {
  const said = problems(
    {
      problem: 'Setting the firewall rules failed: no such table',
      filter: { ...filter, bridged: false, refusedNames: ['inside.example.org'] },
      detector: { ...detector, problem: 'The detector has said nothing.' },
      upstream: { sessions: [], above: [], problem: 'Nothing can be announced to isp.' },
    },
    'The rules against attacks are not as they should be.',
  )
  assert.deepEqual(
    said.map(({ host, problem }) => `${host}: ${problem}`),
    [
      'one: Setting the firewall rules failed: no such table',
      'one: Packets between containers of one bridge are not judged: the kernel lacks br_netfilter.',
      'one: inside.example.org means an address inside, so the rules that name it let nobody there.',
      'one: The detector has said nothing.',
      'one: Nothing can be announced to isp.',
      'one: The rules against attacks are not as they should be.',
    ],
  )
})

test('rules that were changed by hand are told of for a quarter of an hour', () => {
  const changed = (restoredAt: string) => problems({ filter: { ...filter, restored: 2, restoredAt } })
  assert.match(changed('2030-01-07T07:50:03.000Z')[0]?.problem ?? '', /were put back at 07:50:03 UTC/)
  assert.deepEqual(changed('2030-01-07T07:44:00.000Z'), [])
})

test('a part that is not well is a sentence, once; one that starts is none', () => {
  const part = (component: string, state: string, detail: string) => ({
    component,
    state,
    detail,
    memoryBytes: null,
  })
  const said = problems({
    components: [
      part('etcd-3', 'degraded', 'It ends again and again.'),
      part('edge', 'starting', 'It starts.'),
      part('detector', 'degraded', 'The detector has said nothing.'),
    ],
    detector: { ...detector, problem: 'The detector has said nothing.' },
  })
  assert.deepEqual(
    said.map(({ problem }) => problem),
    ['The detector has said nothing.', 'etcd-3: It ends again and again.'],
  )
})
