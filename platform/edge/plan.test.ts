import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderCertificateList, renderHosts } from './names.ts'
import { planEdge, type RunningServer } from './plan.ts'
import type { EdgeInput, EdgeServer } from './render.ts'
import { renderEdge } from './render.ts'
import { INSTALLATION, runningServer, testServer as server } from './test-edge.ts'

const input = (...servers: EdgeServer[]): EdgeInput => ({
  installation: INSTALLATION,
  home: '/var/lib/maru',
  ipv6: true,
  apps: [{ app: 'shop', appId: 'app_x', hostNames: ['shop.maru.localhost'], servers }],
})
const running = (name: string, weight: number, more: Partial<RunningServer> = {}) =>
  runningServer(name, { weight, ...more })
const control: RunningServer = { ...running('control', 1), backend: 'control' }
const commands = (want: EdgeInput, ...have: RunningServer[]) => {
  const plan = planEdge(want, 'm', { mark: 'm', servers: [control, ...have] })
  assert.equal(plan.kind, 'commands')
  return plan.kind === 'commands' ? plan : assert.fail()
}

test('what runs as wanted needs nothing', () => {
  assert.deepEqual(commands(input(server('a', true)), running('a', 100)), {
    kind: 'commands',
    commands: [],
    removals: [],
    resting: [],
    waiting: [],
    holding: [],
  })
})

test('a new server is added without weight and waits for its first check', () => {
  assert.deepEqual(commands(input(server('a', true))), {
    kind: 'commands',
    commands: [
      'add server app.app_x/a 10.9.128.5:8080 check inter 300ms fastinter 150ms downinter 100ms fall 2 rise 1 weight 0',
      'enable health app.app_x/a',
      'set server app.app_x/a state ready',
    ],
    removals: [],
    resting: [],
    waiting: ['app.app_x/a'],
    holding: [],
  })
})

test('in a switch the new one serves before the old one stops, whatever their order', () => {
  const want = input(server('old', false), server('new', true))
  assert.deepEqual(commands(want, running('old', 100), running('new', 0)).commands, [
    'set weight app.app_x/new 8',
    'set weight app.app_x/old 0',
  ])
})

test('the old one goes on while the new one is not healthy', () => {
  const want = input(server('old', false), server('new', true))
  const plan = commands(want, running('old', 100), running('new', 0, { health: 'down' }))
  assert.deepEqual(plan.commands, [])
  assert.deepEqual(plan.waiting, ['app.app_x/new'])
  assert.deepEqual(plan.holding, ['app.app_x/old'])
})

test('when none is to serve, the last one stops', () => {
  assert.deepEqual(commands(input(server('a', false)), running('a', 100)).commands, [
    'set weight app.app_x/a 0',
  ])
})

test('another address, a lost check and a maintenance state are mended', () => {
  const have = running('a', 100, { address: '10.9.128.9', maintenance: true, checked: false })
  const { commands: mending, waiting } = commands(input(server('a', true)), have)
  assert.deepEqual(mending, [
    'set weight app.app_x/a 0',
    'set server app.app_x/a addr 10.9.128.5 port 8080',
    'enable health app.app_x/a',
    'set server app.app_x/a state ready',
  ])
  assert.deepEqual(waiting, ['app.app_x/a'], 'nobody is led there before its first check')
})

test('while one comes back from its rest, the old one goes on', () => {
  const want = input(server('old', false), server('back', true))
  const plan = commands(
    want,
    running('old', 100),
    running('back', 100, { maintenance: true, health: 'down' }),
  )
  assert.deepEqual([plan.waiting, plan.holding], [['app.app_x/back'], ['app.app_x/old']])
})

test('a surplus server rests in maintenance; the control plane stays', () => {
  const plan = commands(
    input(),
    running('gone', 0),
    running('rests', 0, { maintenance: true, health: 'down' }),
  )
  assert.deepEqual(plan.removals, ['set server app.app_x/gone state maint'])
  assert.deepEqual(plan.resting, ['app.app_x/rests'])
  assert.deepEqual(plan.commands, [])
})

test('another mark needs a reload', () => {
  const plan = planEdge(input(), 'new', { mark: 'old', servers: [] })
  assert.equal(plan.kind, 'reload')
})

test('the files name every host; servers are in the order of their names', () => {
  const want = input(server('web.2', false), server('web.1', true))
  assert.equal(renderHosts(want), 'maru.localhost control\nshop.maru.localhost app.app_x\n')
  assert.match(renderCertificateList(want), /^\/var\/lib\/maru\/edge\/certs\/default\.pem\n/)
  const text = renderEdge(want, 'mark-1')
  assert.match(text, /^ {2}description mark-1$/m)
  assert.match(text, /server web\.1 .* weight 8\n {2}server web\.2 .* weight 0\n/)
  assert.match(text, /redirect code 308 location https:\/\/%\[var\(txn\.host\)\]%\[pathq\]/)
})

test('with two control planes, the second in the list is asked when the first does not answer', () => {
  const servers = (controls: EdgeInput['controls']) =>
    renderEdge({ ...input(), controls }, 'm')
      .split('\n')
      .flatMap((line) => /^ {2}server (control\S*) (\S+) .*?( backup)?$/.exec(line)?.slice(1).join(' ') ?? [])
  assert.deepEqual(servers(undefined), ['control 10.9.1.30:7700 '])
  assert.deepEqual(servers(['control-2', 'control']), [
    'control-2 10.9.1.31:7700 ',
    'control 10.9.1.30:7700  backup',
  ])
})
