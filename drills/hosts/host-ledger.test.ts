import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostLedger } from './host-ledger.ts'
import type { HostsPlace, LabHost } from './hosts-place.ts'
import { machineClockMs, type VisitNews } from './visit.ts'

const EDGE: LabHost = { name: 'dc1-h1', dataCentre: 'dc1', address: '198.18.1.1', full: true, first: true }
const said = { stderr: '', timedOut: false, exitCode: 0, stdout: '' }

/** A place whose visitors say these lines, and whose app has these rows. */
function placeWith(news: readonly VisitNews[], rows: readonly string[]) {
  const asked: Array<readonly string[]> = []
  const place = {
    hosts: [EDGE],
    installation: { domain: 'lab.internal' },
    app: async () => 'drill-ledger',
    visit: async (_where: string, _visit: unknown, _until: AbortSignal, onLine: (line: string) => void) => {
      for (const one of news) onLine(JSON.stringify(one))
      return said
    },
    run: async (_where: string, argv: readonly string[]) => {
      asked.push(argv)
      return { ...said, stdout: rows.join('\n') }
    },
    say: () => {},
  } as unknown as HostsPlace
  return { place, asked }
}

const request = { edge: EDGE.address, kind: 'write' } as const
const row = (token: string, agoMs: number, server: string) => {
  const endedMs = performance.now() + machineClockMs() - agoMs
  return { ...request, token, server, begunMs: endedMs - 7, endedMs }
}

test('what visitors say is noted with who acknowledged it, by the clock of whoever keeps the ledger', async () => {
  const failed = [{ ...request, reason: 'status 500', begunMs: 1, endedMs: 2 }]
  const news = [
    { acknowledged: [row('a', 300, 'server 1')], failed: [], answered: 3 },
    { acknowledged: [row('b', 100, 'server 2')], failed, answered: 4 },
  ]
  const { place } = placeWith(news, [])
  const ledger = hostLedger(place)
  await ledger.visit('client', [EDGE])
  await ledger.stop()
  const entries = ledger.acknowledged.map(({ n, server }) => [n, server])
  assert.deepEqual(entries, [
    [1, 'server 1'],
    [2, 'server 2'],
  ])
  assert.equal(ledger.answered(), 7)
  assert.deepEqual(
    ledger.failed.map(({ reason }) => reason),
    ['status 500'],
  )
  assert.deepEqual(
    [...ledger.acknowledged, ...ledger.failed].map(({ asker }) => asker),
    Array(3).fill('visitor of edge 1'),
  )
  const [first, second] = ledger.acknowledged
  assert.ok(first !== undefined && second !== undefined)
  assert.ok(Math.abs(second.atMs - first.atMs - 200) < 50, `${second.atMs - first.atMs} ms apart`)
  assert.ok(Math.abs(performance.now() - second.atMs - 100) < 1000 && second.atMs - second.begunMs > 6)
})

test('a row that was acknowledged and is not in the database is lost', async () => {
  const acknowledged = ['a', 'b', 'c'].map((token, at) => row(token, 100 - at, 'server 1'))
  const { place, asked } = placeWith([{ acknowledged, failed: [], answered: 3 }], ['c', 'a'])
  const ledger = hostLedger(place)
  await ledger.visit('client', [EDGE])
  assert.deepEqual(await ledger.findLost(), [2])
  assert.equal(asked[0]?.at(-1), 'https://drill-ledger.lab.internal/tokens')
})
