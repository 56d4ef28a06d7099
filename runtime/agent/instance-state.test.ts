import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InstanceSpec } from '#contract/agent.ts'
import { type InstanceFacts, judgeInstance } from './instance-state.ts'

const NOW = new Date('2026-01-01T00:01:00Z')
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000)
const spec = (process: string, traffic: 'none' | 'serve' | 'drain' = 'none') =>
  InstanceSpec.parse({ process, index: 1, release: 1, epoch: 0, image: 'x', command: [], env: {}, traffic })

type Container = NonNullable<InstanceFacts['container']>
const container = (more: Partial<Container> = {}): Container => ({
  state: 'running',
  startedAt: ago(5),
  restarts: 0,
  exitCode: 0,
  outOfMemory: false,
  ...more,
})
const facts = (more: Partial<InstanceFacts> = {}): InstanceFacts => ({
  container: container(),
  lastEnd: undefined,
  edge: { health: 'up', openRequests: 2 },
  memoryBytes: 1000,
  problem: undefined,
  ...more,
})
const judge = (one: InstanceSpec, more: Partial<InstanceFacts> = {}) => {
  const { state, detail } = judgeInstance('shop', one, facts(more), NOW)
  return [state, detail]
}
const down = { health: 'down', openRequests: 0 } as const

test('a web instance is healthy when the edge says so', () => {
  assert.deepEqual(judge(spec('web')), ['healthy', ''])
  assert.equal(judgeInstance('shop', spec('web'), facts(), NOW).openRequests, 2)
  assert.deepEqual(judge(spec('web', 'drain')), ['draining', ''])
})

test('a web instance that does not listen is starting at first, then unhealthy', () => {
  const silent = 'does not answer on port 8080'
  assert.deepEqual(judge(spec('web'), { edge: down, container: container({ startedAt: ago(1) }) }), [
    'starting',
    '',
  ])
  assert.deepEqual(judge(spec('web'), { edge: down }), ['starting', silent])
  assert.deepEqual(judge(spec('web'), { edge: down, container: container({ startedAt: ago(30) }) }), [
    'unhealthy',
    silent,
  ])
})

test('any other process is healthy after two seconds', () => {
  const young = container({ startedAt: ago(1) })
  assert.deepEqual(judge(spec('worker'), { edge: undefined, container: young }), ['starting', ''])
  assert.deepEqual(judge(spec('worker'), { edge: undefined }), ['healthy', ''])
})

test('how it ended is told, while it is down and after its restart', () => {
  const restarting = container({ state: 'restarting', exitCode: 3, restarts: 3 })
  assert.deepEqual(judge(spec('web'), { container: restarting }), [
    'unhealthy',
    'exited with code 3 (3 restarts)',
  ])
  const again = container({ startedAt: ago(1), restarts: 1 })
  const lastEnd = { exitCode: 137, outOfMemory: true }
  assert.deepEqual(judge(spec('worker'), { container: again, lastEnd, edge: undefined }), [
    'starting',
    'ran out of its 512 MB of memory (1 restart)',
  ])
})

test('one that cannot be made says why; one that is not made yet is starting', () => {
  assert.deepEqual(judge(spec('web'), { container: undefined, problem: 'its image is not here yet' }), [
    'stopped',
    'could not be started: its image is not here yet',
  ])
  assert.deepEqual(judge(spec('web'), { container: undefined }), ['starting', ''])
})
