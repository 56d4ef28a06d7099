import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import { planContainers, planNetworks, renderSteps } from './converge-plan.ts'

const spec = (name: string, extra: object = {}) =>
  ContainerSpec.parse({ name, component: name, image: 'sha256:1', networks: [{ name: 'net' }], ...extra })
const want = (name: string, hash: string, extra: object = {}) => ({ spec: spec(name, extra), hash })
const have = (name: string, specHash: string, state = 'running', networks = ['net']) => ({
  id: `id-${name}`,
  name,
  specHash,
  state,
  networks,
})

test('an empty host gets everything in the order of the list', () => {
  const steps = planContainers([want('b', '1'), want('a', '1')], [])
  assert.equal(
    renderSteps(steps),
    ['create b from sha256:1', 'start b', 'create a from sha256:1', 'start a'].join('\n'),
  )
})

test('what is as wanted needs no step', () => {
  assert.deepEqual(planContainers([want('a', '1')], [have('a', '1')]), [])
})

test('a changed spec replaces, a surplus one goes first, a stopped one is started', () => {
  const steps = planContainers(
    [want('a', '2'), want('b', '1')],
    [have('a', '1'), have('b', '1', 'exited'), have('old', '1')],
  )
  assert.equal(
    renderSteps(steps),
    ['remove old (surplus)', 'remove a (changed)', 'create a from sha256:1', 'start a', 'start b'].join('\n'),
  )
})

test('a container that is handed over is replaced by its successor while it runs, and only then', () => {
  const edge = { handOver: true }
  const steps = planContainers([want('a', '2', edge)], [have('a', '1')])
  assert.equal(renderSteps(steps), 'hand a over to a new one from sha256:1')
  const replaced = 'remove a (changed)\ncreate a from sha256:1\nstart a'
  const others = [have('a', '1', 'exited'), have('a', '1', 'running', ['another network'])]
  for (const other of others)
    assert.equal(renderSteps(planContainers([want('a', '2', edge)], [other])), replaced)
})

test('what shares the network of another is made again when that one starts anew, and handed over while it goes on', () => {
  const keeper = want('net', '1')
  const shares = { networks: [], networkOf: 'net', handOver: true }
  const proxy = (hash: string, networkOf?: string) => ({ ...have('proxy', hash, 'running', []), networkOf })
  const wanted = [keeper, want('proxy', '1', shares)]
  assert.deepEqual(planContainers(wanted, [have('net', '1'), proxy('1', 'net')]), [])
  const newer = planContainers([keeper, want('proxy', '2', shares)], [have('net', '1'), proxy('1', 'net')])
  assert.equal(renderSteps(newer), 'hand proxy over to a new one from sha256:1')
  const anew = 'remove proxy (changed)\ncreate proxy from sha256:1\nstart proxy'
  // It has the network of one that is gone, or that was started again after it.
  assert.equal(renderSteps(planContainers(wanted, [have('net', '1'), proxy('1')])), anew)
  const ended = planContainers(wanted, [have('net', '1', 'exited'), proxy('1', 'net')])
  assert.equal(renderSteps(ended), `start net\n${anew}`)
})

test('one that is to share a network gives up its own addresses before another takes them', () => {
  const shares = { networks: [], networkOf: 'proxy-net', handOver: true }
  const steps = planContainers([want('proxy-net', '1'), want('proxy', '2', shares)], [have('proxy', '1')])
  assert.equal(
    renderSteps(steps),
    [
      'remove proxy (changed)',
      'create proxy-net from sha256:1',
      'start proxy-net',
      'create proxy from sha256:1',
      'start proxy',
    ].join('\n'),
  )
})

test('a container that is missing from one of its networks is made again', () => {
  const steps = planContainers([want('a', '1')], [have('a', '1', 'created', [])])
  assert.equal(renderSteps(steps), 'remove a (changed)\ncreate a from sha256:1\nstart a')
})

test('one that runs once and has ended stays as it is; one that never started is made again', () => {
  const once = { restart: 'no' }
  assert.deepEqual(planContainers([want('a', '1', once)], [have('a', '1', 'exited')]), [])
  const steps = planContainers([want('a', '1', once)], [have('a', '1', 'created')])
  assert.equal(renderSteps(steps), 'remove a (never started)\ncreate a from sha256:1\nstart a')
})

test('networks are created, replaced when changed, removed when surplus', () => {
  const net = (name: string) => ({
    name,
    subnet: '10.9.0.0/24',
    gateway: '10.9.0.1',
    bridge: 'b0',
    internal: false,
  })
  const steps = planNetworks(
    [
      { spec: net('a'), hash: '1' },
      { spec: net('b'), hash: '2' },
      { spec: net('c'), hash: '1' },
    ],
    [
      { name: 'a', specHash: '1' },
      { name: 'b', specHash: '1' },
      { name: 'old', specHash: '1' },
    ],
  )
  assert.equal(
    renderSteps(steps),
    [
      'remove network old (surplus)',
      'remove network b (changed)',
      'create network b 10.9.0.0/24',
      'create network c 10.9.0.0/24',
    ].join('\n'),
  )
})
