import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceName } from '#contract/fleet.ts'
import { leavesTwoVoices, type Placement, partsLeaving, planTier, type TierHost } from './tier-plan.ts'

const host = (name: string, dataCentre: string, more: Partial<TierHost> = {}): TierHost => ({
  name,
  dataCentre,
  role: 'full',
  first: false,
  ready: true,
  draining: false,
  ...more,
})
const A = host('a', 'dc1', { first: true })
const B = host('b', 'dc2')
const W = host('w', 'elsewhere', { role: 'witness' })
const ALONE: Placement = { 'etcd-1': 'a', 'postgres-1': 'a', 'postgres-2': 'a', control: 'a' }
const said = (hosts: readonly TierHost[], placed: Placement = ALONE, leader?: ServiceName) =>
  planTier(hosts, placed, leader).map(({ service, from, to }) => `${service}: ${from ?? 'nowhere'} → ${to}`)

test('one host has everything', () => {
  assert.deepEqual(said([A]), [])
  assert.deepEqual(said([A], {}), [
    'etcd-1: nowhere → a',
    'postgres-1: nowhere → a',
    'postgres-2: nowhere → a',
    'control: nowhere → a',
  ])
})

test('with two hosts the pair is apart, and the store stays one', () => {
  assert.deepEqual(said([A, B]), ['postgres-2: a → b', 'control-2: nowhere → b'])
})

test('with a witness the store has three members in three places', () => {
  assert.deepEqual(said([A, B, W]), [
    'etcd-2: nowhere → w',
    'etcd-3: nowhere → b',
    'postgres-2: a → b',
    'control-2: nowhere → b',
  ])
})

test('a witness never has a database, nor a control plane', () => {
  assert.deepEqual(said([A, W]), [])
})

test('another data centre is better than another host', () => {
  assert.deepEqual(said([A, host('aa', 'dc1'), host('z', 'dc2')]), [
    'etcd-2: nowhere → z',
    'etcd-3: nowhere → aa',
    'postgres-2: a → z',
    'control-2: nowhere → z',
  ])
})

test('what is placed stays when better places come', () => {
  const placed: Placement = {
    ...ALONE,
    'postgres-2': 'aa',
    'control-2': 'aa',
    'etcd-2': 'aa',
    'etcd-3': 'z',
  }
  assert.deepEqual(said([A, host('aa', 'dc1'), host('z', 'dc2'), W], placed), [])
})

test('what was on a host that is gone gets another; a silent host gets nothing new and keeps what it has', () => {
  const placed: Placement = { ...ALONE, 'postgres-2': 'b', 'control-2': 'b', 'etcd-2': 'w', 'etcd-3': 'b' }
  assert.deepEqual(said([A, W], placed), ['postgres-2: b → a'])
  assert.deepEqual(said([A, W, host('c', 'dc3')], placed), [
    'etcd-3: b → c',
    'postgres-2: b → c',
    'control-2: b → c',
  ])
  assert.deepEqual(said([A, W, host('b', 'dc2', { ready: false })], placed), [])
  assert.deepEqual(said([A, host('b', 'dc2', { ready: false })]), [])
})

test('what is on a host that is being emptied goes to another, and stays where there is none', () => {
  const placed: Placement = {
    ...{ 'etcd-1': 'a', 'etcd-2': 'w', 'etcd-3': 'b' },
    ...{ 'postgres-1': 'a', 'postgres-2': 'b', control: 'a', 'control-2': 'b' },
  }
  const leaving = host('b', 'dc2', { draining: true })
  assert.deepEqual(said([A, leaving, W], placed), [])
  assert.deepEqual(partsLeaving([A, leaving, W], placed, 'b'), [])
  const next = host('c', 'dc2')
  assert.deepEqual(said([A, B, W, next], placed), [], 'another host alone moves nothing')
  assert.deepEqual(said([A, leaving, W, next], placed), [
    'etcd-3: b → c',
    'postgres-2: b → c',
    'control-2: b → c',
  ])
  assert.deepEqual(partsLeaving([A, leaving, W, next], placed, 'b'), ['etcd-3', 'postgres-2', 'control-2'])
  // Whoever removes it has not to drain it first for that to be known.
  assert.deepEqual(partsLeaving([A, B, W, next], placed, 'b'), ['etcd-3', 'postgres-2', 'control-2'])
  assert.deepEqual(partsLeaving([A, B, W], placed, 'b'), [])
  const first = host('a', 'dc1', { first: true, draining: true })
  assert.deepEqual(said([first, B, W, next], placed), [], 'what is on the first host stays there')
})

/** As it is with three hosts and a witness, when all is settled. */
const WHOLE: Placement = {
  ...ALONE,
  'etcd-2': 'w',
  'etcd-3': 'b',
  'postgres-2': 'b',
  'control-2': 'b',
}
const C = host('c', 'dc1')

test('whoever takes the third voice with it leaves two, unless another host gets it', () => {
  for (const name of ['a', 'b', 'w']) {
    assert.equal(leavesTwoVoices([A, B, W], WHOLE, name), true, name)
    assert.equal(leavesTwoVoices([A, B, W, C], WHOLE, name), false, `${name}, and c takes it`)
  }
  assert.equal(leavesTwoVoices([A, B, W, C], WHOLE, 'c'), false, 'it has none')
  const silent = host('c', 'dc1', { ready: false })
  assert.equal(leavesTwoVoices([A, B, W, silent], WHOLE, 'w'), true, 'nobody takes it now')
  // Of two, one goes on alone; and with two hosts it was one from the beginning.
  assert.equal(leavesTwoVoices([B, W], WHOLE, 'w'), false)
  assert.equal(leavesTwoVoices([A, B], { ...ALONE, 'postgres-2': 'b' }, 'b'), false)
})

test('the first host is gone: what it had goes to another, in its data centre', () => {
  assert.deepEqual(said([B, C, W], WHOLE), ['etcd-1: a → c', 'postgres-1: a → c', 'control: a → c'])
  assert.deepEqual(said([B, C, W], { ...WHOLE, 'etcd-1': 'c', 'postgres-1': 'c', control: 'c' }), [])
  assert.deepEqual(said([B, host('c', 'dc1', { ready: false }), W], WHOLE), ['postgres-1: a → b'])
})

test('the first host is gone and no other is there yet: both databases on one host, one control plane, two voices', () => {
  const one = { ...WHOLE, 'postgres-1': 'b' }
  assert.deepEqual(said([B, W], WHOLE), ['postgres-1: a → b'])
  assert.deepEqual(said([B, W], one), [])
  // Then another comes. The one that leads stays where it is, but for the first host's, which has its own.
  assert.deepEqual(said([B, C, W], one, 'postgres-2'), [
    'etcd-1: a → c',
    'postgres-1: b → c',
    'control: a → c',
  ])
  assert.deepEqual(said([B, C, W], one, 'postgres-1'), [
    'etcd-1: a → c',
    'postgres-2: b → c',
    'control: a → c',
  ])
  assert.deepEqual(said([A, B], ALONE, 'postgres-2'), ['postgres-2: a → b', 'control-2: nowhere → b'])
})

test('then the next one is gone, too: no host is special', () => {
  const placed: Placement = { ...WHOLE, 'etcd-1': 'c', 'postgres-1': 'c', control: 'c' }
  const D = host('d', 'dc2')
  assert.deepEqual(said([C, D, W], placed), ['etcd-3: b → d', 'postgres-2: b → d', 'control-2: b → d'])
})

test('a host with the name of one that is gone has what that had, as far as it can', () => {
  const voice = host('b', 'dc2', { role: 'witness' })
  assert.deepEqual(said([A, C, voice, W], WHOLE), ['postgres-2: b → c', 'control-2: b → c'])
})

test('where nobody has anything of a kind, nothing is made anew', () => {
  assert.deepEqual(said([C, W], { 'postgres-1': 'a', 'postgres-2': 'b' }), [])
})
