import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceName } from '#contract/fleet.ts'
import { hostRoutes } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import { until } from '#runtime/agent/test-host.ts'
import { replace } from '../fleet/commands-replace.ts'
import { placeService } from '../fleet/store.ts'
import { hostForRun } from './hosts-with-code.ts'
import { lookOnce } from './keep-places.ts'
import { findRelease } from './release-store.ts'
import { FIRST, makeTestCluster, type TestCluster } from './test-cluster.ts'

/** What `maru host replace` prints and how it ends. */
async function typed(cluster: TestCluster, old: string, to: string, more: object = {}) {
  const { context, printed } = cluster.command()
  await replace(context, old, { with: to, home: cluster.home, ...more })
  return printed
}
const names = async ({ list }: TestCluster) => [...(await list()).keys()].sort()

test('replacing is interrupted, typed again, and typed once more when it is done', async (t) => {
  const cluster = await makeTestCluster(t, { old: 'dc2', new: 'dc2' })
  const apps = [await cluster.deployed(), await cluster.deployed()]
  const old = cluster.host('old')
  assert.ok((await cluster.list()).get('old')?.instances)
  cluster.keepPlaces()
  // Requests that do not end: so there is time to press Ctrl-C.
  old.judge = (one) => (one.traffic === 'drain' ? { openRequests: 3 } : {})
  const { context, printed } = cluster.command()
  const first = replace(context, 'old', { with: 'new', home: cluster.home })
  await until('something is on its way', async () =>
    (await cluster.map()).get('old')?.running.some(({ course }) => course === 'leaving'),
  )
  context.signals.emit('SIGINT')
  await first
  assert.equal(printed.exit, 130)
  assert.match(
    printed.stderr,
    /Follow it: maru host replace old --with new\nTake it back: maru host undrain old/,
  )
  assert.equal(printed.stdout, '')
  assert.equal((await cluster.list()).get('old')?.draining, true)

  old.judge = () => ({})
  const again = await typed(cluster, 'old', 'new')
  assert.match(again.stdout, /^old is removed; new is in its place\./)
  assert.deepEqual(await names(cluster), ['new', FIRST])
  assert.deepEqual(
    old.workloads.at(-1)?.apps.flatMap(({ instances }) => instances),
    [],
  )
  for (const app of apps) {
    const places = (await cluster.placesOf(app)).map((place) => place.split(' ')[1])
    assert.deepEqual(places.sort(), ['new', FIRST], 'still in two data centres')
  }
  assert.match((await typed(cluster, 'old', 'new')).stdout, /^old is removed/)
  await assert.rejects(typed(cluster, 'old', 'newer'), { code: 'hosts.not_found' })
})

test('a successor that has not joined: the command to type there, and nothing has changed', async (t) => {
  const cluster = await makeTestCluster(t, { old: 'dc2' })
  const printed = await typed(cluster, 'old', 'new')
  assert.match(printed.stdout, /^\.\/maru host join 'https:\/\/\S+'\n$/)
  assert.match(printed.stderr, /new is not there yet/)
  assert.equal(printed.exit, 1)
  assert.equal((await cluster.list()).get('old')?.draining, false)
})

test('what cannot be replaced is refused before anything moves', async (t) => {
  const cluster = await makeTestCluster(t, { old: 'dc2', near: 'dc1' })
  await cluster.deployed()
  await cluster.platform.join('voice', { role: 'witness', address: '127.0.0.9' })
  const refusals = [
    [FIRST, 'near', 'hosts.still_needed'],
    ['old', 'old', 'invalid'],
    ['old', 'near', 'hosts.last_in_data_centre'],
    ['old', 'voice', 'hosts.cannot_replace'],
    ['nobody', 'none', 'hosts.not_found'],
    // A name that is mistyped is no host that was removed already.
    ['nobody', 'near', 'hosts.not_found'],
  ] as const
  for (const [old, to, code] of refusals) await assert.rejects(typed(cluster, old, to), { code })
  assert.ok([...(await cluster.list()).values()].every(({ draining }) => !draining))
})

test('a witness is replaced only when its voice has its place on another host', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const { deps, join } = cluster.platform
  const parts = { 'etcd-1': FIRST, 'etcd-2': 'voice', 'etcd-3': 'far' } as const
  await join('voice', { role: 'witness', dataCentre: 'dc3', address: '127.0.0.9' })
  for (const [part, host] of Object.entries(parts))
    await placeService(deps.db, part as ServiceName, host, deps.now())
  const removal = { params: { host: 'voice' as HostName }, query: {} }
  await assert.rejects(cluster.api.call(hostRoutes.drain, removal), { code: 'hosts.is_witness' })
  await assert.rejects(cluster.api.call(hostRoutes.remove, removal), { code: 'hosts.leaves_two_voices' })
  const next = await join('next', { role: 'witness', dataCentre: 'dc3', address: '127.0.0.10' })
  await cluster.hear(next)
  await until('it is ready', async () => (await cluster.list()).get('next')?.state === 'ready')
  await assert.rejects(cluster.api.call(hostRoutes.remove, removal), { code: 'hosts.still_has_parts' })
  const replacing = typed(cluster, 'voice', 'next')
  await until('it is being emptied', async () => (await cluster.list()).get('voice')?.draining)
  assert.ok((await names(cluster)).includes('voice'))
  await placeService(deps.db, 'etcd-2', 'next', deps.now())
  assert.match((await replacing).stdout, /^voice is removed; next is in its place\./)
  assert.deepEqual(await names(cluster), ['far', 'next', FIRST].sort())
})

test('a host that is lost is replaced without it', async (t) => {
  const cluster = await makeTestCluster(t, { old: 'dc2', new: 'dc2' })
  const apps = [await cluster.deployed(), await cluster.deployed()]
  const hostsOf = async (app: (typeof apps)[number]) =>
    (await cluster.placesOf(app)).map((place) => place.split(' ')[1]).sort()
  const host = (await cluster.list()).get('old')?.name ?? assert.fail('old is not listed')
  await cluster.silence(cluster.host('old'), 40)
  const removal = { params: { host }, query: { lost: 'false', last: 'false' } }
  await assert.rejects(cluster.api.call(hostRoutes.remove, removal), { code: 'hosts.still_runs' })
  assert.match((await typed(cluster, 'old', 'new', { lost: true })).stdout, /^old is removed/)
  const { deps } = cluster.platform
  const [app] = apps
  const release = (await findRelease(deps.db, app?.id ?? '', 1)) ?? assert.fail('it has no release')
  assert.equal(await hostForRun(deps, { ...release, built_on: 'new' }), 'new')
  // Where it was built, nobody answers: a host on which it runs has what a command needs, too.
  assert.equal(await hostForRun(deps, { ...release, built_on: 'old' }), FIRST)
  await until('pairs are in two data centres', async () => {
    await lookOnce(cluster.platform.deps)
    const hosts = await Promise.all(apps.map(hostsOf))
    return hosts.every((own) => own.join() === ['new', FIRST].sort().join())
  })
})
