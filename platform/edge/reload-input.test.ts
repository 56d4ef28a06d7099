import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EdgePeer } from './peers.ts'
import type { RunningServer } from './plan.ts'
import { reloadInput } from './reload-input.ts'
import type { EdgeServer } from './render.ts'
import { INSTALLATION, runningServer as running, testServer } from './test-edge.ts'

const server = (name: string, serves = true) => testServer(name, serves)
const peer = (host: string): EdgePeer => ({ host, address: '10.9.0.2' })

/** What the process that takes over has: servers with requests, servers without, other hosts. */
function takenOver(
  servers: readonly EdgeServer[],
  peers: readonly EdgePeer[],
  ...have: RunningServer[]
): [string[], string[], string[]] {
  const app = { app: 'shop', appId: 'app_x', hostNames: ['shop.maru.localhost'], servers, peers }
  const wanted = { installation: INSTALLATION, home: '/var/lib/maru', ipv6: true, apps: [app] }
  const [given] = reloadInput(wanted, { mark: 'm', servers: have }).apps
  const names = (serves: boolean) =>
    (given?.servers ?? []).filter((one) => one.serves === serves).map(({ name }) => name)
  return [names(true), names(false), (given?.peers ?? []).map(({ host }) => host)]
}

test('what serves goes on, and who is new comes later', () => {
  const wanted = [server('a'), server('b')]
  assert.deepEqual(takenOver(wanted, [peer('h2')], running('a')), [['a'], [], []])
})

test('another host that was asked before stays, a new one comes later', () => {
  const have = [running('peer.h2')]
  assert.deepEqual(takenOver([server('a')], [peer('h2'), peer('h3')], ...have), [[], [], ['h2']])
})

test('who is to stop goes on while nobody that is wanted has passed a check', () => {
  const wanted = [server('old', false), server('new')]
  assert.deepEqual(takenOver(wanted, [], running('old')), [['old'], [], []])
  const down = running('new', { health: 'down' })
  assert.deepEqual(takenOver(wanted, [], running('old'), down), [['old', 'new'], [], []])
  assert.deepEqual(takenOver(wanted, [], running('old'), running('new')), [['new'], ['old'], []])
})

test('who is to stop for another host goes on until that one has passed a check', () => {
  const wanted = [server('old', false)]
  assert.deepEqual(takenOver(wanted, [peer('h2')], running('old')), [['old'], [], []])
  const have = [running('old'), running('peer.h2')]
  assert.deepEqual(takenOver(wanted, [peer('h2')], ...have), [[], ['old'], ['h2']])
})

test('an app that is to have nobody stops', () => {
  assert.deepEqual(takenOver([server('a', false)], [], running('a')), [[], ['a'], []])
})

test('with nobody who answers all begin at once', () => {
  const wanted = [server('a'), server('b', false)]
  assert.deepEqual(takenOver(wanted, [peer('h2')]), [['a'], ['b'], ['h2']])
  assert.deepEqual(takenOver(wanted, [], running('b', { weight: 0 })), [['a'], ['b'], []])
})
