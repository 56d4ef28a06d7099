import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { planMembers, renderMembers } from './peers.ts'
import { planEdge, type RunningServer } from './plan.ts'
import { type EdgeInput, type EdgeServer, renderEdge } from './render.ts'
import { INSTALLATION, runningServer, testServer as server } from './test-edge.ts'

const OTHER = { host: 'b1', address: '10.0.0.2' }
const input = (servers: readonly EdgeServer[], peers = [OTHER]): EdgeInput => ({
  installation: INSTALLATION,
  home: '/var/lib/maru',
  ipv6: false,
  self: { host: 'a1', members: ['10.0.0.2'] },
  apps: [{ app: 'shop', appId: 'app_x', hostNames: ['shop.maru.localhost'], servers, peers }],
})
const running = (backend: string, name: string, more: Partial<RunningServer> = {}) =>
  runningServer(name, { backend, ...more })
const both = (name: string, more: Partial<RunningServer> = {}) => [
  running('app.app_x', name, more),
  running('in.app.app_x', name, more),
]
const peer = (more: Partial<RunningServer> = {}) =>
  running('app.app_x', 'peer.b1', { address: '10.0.0.2', port: 7443, ...more })
const plan = (want: EdgeInput, ...have: RunningServer[]) => {
  const made = planEdge(want, 'm', { mark: 'm', servers: [running('peers', 'files'), ...have] })
  return made.kind === 'commands' ? made : assert.fail()
}

test('with other hosts, an edge has a door for them, and leads to them last', () => {
  const text = renderEdge(input([server('web.1', true)]), 'mark')
  const from = text.indexOf('frontend peers')
  assertGolden(import.meta.dirname, 'peers.txt', text.slice(from))
})

test('without other hosts, nothing of it is there', () => {
  const alone = { ...input([server('web.1', true)], []), self: undefined }
  assert.doesNotMatch(
    renderEdge(alone, 'mark'),
    /frontend peers|backend peers|server peer|allbackups|7443|backend in\./,
  )
})

test('what runs as wanted needs nothing', () => {
  const { commands } = plan(input([server('web.1', true)]), ...both('web.1'), peer())
  assert.deepEqual(commands, [])
})

test('a host that has the app, too, is added; one that has it no longer leaves', () => {
  const { commands, waiting } = plan(input([server('web.1', true)]), ...both('web.1'))
  assert.match(
    commands[0] ?? '',
    /^add server app\.app_x\/peer\.b1 10\.0\.0\.2:7443 ssl verify required .* weight 0 backup$/,
  )
  assert.deepEqual(waiting, ['app.app_x/peer.b1'])
  assert.deepEqual(commands.slice(1), [
    'enable health app.app_x/peer.b1',
    'set server app.app_x/peer.b1 state ready',
  ])
  assert.deepEqual(plan(input([server('web.1', true)], []), ...both('web.1'), peer()).removals, [
    'set server app.app_x/peer.b1 state maint',
  ])
})

test('a host that was just added is asked when it has passed a check, and not before', () => {
  const want = input([])
  const early = plan(want, peer({ weight: 0, health: 'unknown' }))
  assert.deepEqual([early.commands, early.waiting], [[], ['app.app_x/peer.b1']])
  const answers = plan(want, peer({ weight: 0 }))
  assert.deepEqual([answers.commands, answers.waiting], [['set weight app.app_x/peer.b1 8'], []])
  const lost = plan(want, peer({ health: 'down' }))
  assert.deepEqual([lost.commands, lost.waiting], [[], []], 'one that was asked before keeps its weight')
})

test('the last instance here stops when the other host answers, and not before', () => {
  const want = input([server('web.1', false)])
  const early = plan(want, ...both('web.1'), peer({ health: 'unknown' }))
  assert.deepEqual([early.commands, early.holding], [[], ['app.app_x/web.1']])
  assert.deepEqual(plan(want, ...both('web.1'), peer()).commands, ['set weight app.app_x/web.1 0'])
})

test('other edges are answered until they have heard that the instance is on its way out', () => {
  const { commands, holding } = plan(input([server('web.1', false)]), ...both('web.1', { weight: 8 }), peer())
  assert.ok(!commands.some((command) => command.includes('in.app.app_x')))
  assert.deepEqual(holding, [])
})

test('in a switch on this host, other edges are led to the new one, too', () => {
  const want = input([server('new', true), server('old', false)])
  assert.deepEqual(plan(want, ...both('new', { weight: 0 }), ...both('old'), peer()).commands, [
    'set weight app.app_x/new 8',
    'set weight app.app_x/old 0',
    'set weight in.app.app_x/new 8',
    'set weight in.app.app_x/old 0',
  ])
})

test('members come and go at run time', () => {
  const file = '/var/lib/maru/edge/members.list'
  const shown = '# 1 (/var/lib/maru/edge/members.list)\n0x55d0c8a1b2f0 10.0.0.2\n0x55d0c8a1b340 10.0.0.3\n\n'
  assert.deepEqual(planMembers(['10.0.0.2', '10.0.0.4'], file, shown), [
    `add acl ${file} 10.0.0.4`,
    `del acl ${file} 10.0.0.3`,
  ])
  assert.deepEqual(planMembers(['10.0.0.2', '10.0.0.3'], file, shown), [])
  assert.equal(renderMembers(['10.0.0.4', '10.0.0.2']), '10.0.0.2\n10.0.0.4\n')
})
