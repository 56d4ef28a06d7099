import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostDies } from '#drills/host-dies.drill.ts'
import { FAILED_AFTER, LATE, LOST, PLAIN, SILENCE, WHOLE } from '#drills/hosts/fault-of-hosts.ts'
import type { HostsPlace } from '#drills/hosts/hosts-place.ts'
import { rowOf, SEEN } from './drill-figures.ts'
import { stockFigures, withoutAgents } from './host-stock.ts'
import { tableOf } from './render.ts'
import { figureOf } from './report.ts'

const { name } = hostDies
const OURS = [
  figureOf(rowOf(name, SILENCE), SEEN, 's', [4]),
  figureOf(rowOf(name, SILENCE), 'at most', 's', [7]),
  figureOf(rowOf(name, LOST), SEEN, 'writes', [0]),
  figureOf(rowOf(name, WHOLE), SEEN, 's', [25]),
]
const seen = (silenceS: number, wholeS: number) => ({
  [SILENCE]: silenceS,
  [LOST]: 0,
  [LATE]: 0,
  [WHOLE]: wholeS,
  [PLAIN]: 0,
  [FAILED_AFTER]: 120,
})
/** The table of a run in which Maru's settings were measured before. */
const joined = (values: Readonly<Record<string, number>>) => {
  const { head, rows } = tableOf([...OURS, ...stockFigures(hostDies, values, OURS)])
  return { head, rows: new Map(rows.map(([row = '', ...cells]) => [row, cells])) }
}

test('what was seen with Patroni’s own settings stands beside Maru’s, and times have a ratio', () => {
  const { head, rows } = joined(seen(32, 50))
  assert.deepEqual(head, [
    '',
    'seen',
    'at most',
    'with Patroni’s own settings',
    'Maru’s against Patroni’s own',
  ])
  assert.deepEqual(rows.get(rowOf(name, SILENCE)), ['4 s', '7 s', '32 s', '0.125 ×'])
  assert.deepEqual(rows.get(rowOf(name, WHOLE)), ['25 s', '', '50 s', '0.5 ×'])
  assert.deepEqual(rows.get(rowOf(name, LOST)), ['0 writes', '', '0 writes', ''])
  // Maru's was not measured.
  assert.deepEqual(rows.get(rowOf(name, FAILED_AFTER)), ['', '', '120 requests', ''])
})

test('a silence that outlasted the patience of the drill is told as not within, without a ratio', () => {
  const { rows } = joined(seen(243.1, 50))
  assert.deepEqual(rows.get(rowOf(name, SILENCE)), ['4 s', '7 s', 'not within 240 s', ''])
})

/** A lab of three hosts that notes what is done to it; agents that are not there cannot stand still. */
function labWith(agents: Record<string, 'running' | 'paused'>) {
  const done: string[] = []
  const note = (what: string) => async (where: string) => void done.push(`${what} ${where}`)
  const place = {
    installation: { name: 'maru' },
    hosts: ['dc1-h1', 'dc2-h1', 'witness'].map((host) => ({ name: host })),
    isRunning: async () => true,
    engine: async (host: string) => ({
      containers: {
        freeze: async (agent: string) => {
          if (host in agents) agents[host] = 'paused'
          done.push(`freeze ${agent} of ${host}`)
        },
        thaw: async (agent: string) => {
          if (host in agents) agents[host] = 'running'
          done.push(`thaw ${agent} of ${host}`)
        },
        inspect: async () => (host in agents ? { state: agents[host] } : undefined),
      },
    }),
    ...{ kill: note('kill'), start: note('start'), cut: note('cut'), heal: note('heal') },
  } as unknown as HostsPlace
  return { place: withoutAgents(place), done, agents }
}

const RUNNING = { 'dc1-h1': 'running', 'dc2-h1': 'running', witness: 'running' } as const

test('the agents of the hosts that stay stand still while a host is dead, and go on when it starts', async () => {
  const { place, done, agents } = labWith({ ...RUNNING })
  await place.kill('dc1-h1')
  assert.deepEqual(done, ['freeze maru-agent of dc2-h1', 'freeze maru-agent of witness', 'kill dc1-h1'])
  await place.start('dc1-h1')
  assert.deepEqual(agents, RUNNING)
  assert.equal(done.at(-1), 'start dc1-h1')
})

test('every agent stands still while a data centre is cut off, and goes on once when it is healed', async () => {
  const { place, done, agents } = labWith({ ...RUNNING })
  await place.cut('dc1')
  assert.deepEqual(new Set(Object.values(agents)), new Set(['paused']))
  await place.heal('dc1')
  assert.deepEqual(agents, RUNNING)
  // The clean-up of a drill heals again.
  await place.heal('dc1')
  assert.equal(done.filter((what) => what.startsWith('thaw')).length, 3)
})

test('where an agent does not stand still nothing is measured, and those that do go on afterwards', async () => {
  const { place, done, agents } = labWith({ 'dc1-h1': 'running', 'dc2-h1': 'running' })
  await assert.rejects(place.cut('dc1'), /the agent of witness does not stand still/)
  assert.ok(!done.includes('cut dc1'))
  await place.heal('dc1')
  assert.deepEqual(agents, { 'dc1-h1': 'running', 'dc2-h1': 'running' })
})
