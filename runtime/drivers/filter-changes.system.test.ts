import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '#runtime/agent/test-host.ts'
import { type FilterChanges, watchFilterChanges } from './filter-changes.ts'
import { makeNft, type Nft } from './nft.ts'
import { makeNftProgram } from './nft-program.ts'
import { run } from './process.ts'
import { makeNetwork, type TestNetwork } from './test-networks.ts'

const over = new AbortController()
let host: TestNetwork
let changes: FilterChanges
let nft: Nft
let hand: Nft

before(async () => {
  host = await makeNetwork('b')
  hand = makeNft(host.enter)
  await hand.load('table inet kept {\n set some { type ipv4_addr; flags timeout; }\n}\n')
  changes = watchFilterChanges({ program: makeNftProgram(host.enter), knock: 'knock' }, over.signal)
  nft = makeNft(host.enter, changes)
})
after(async () => {
  over.abort()
  await host?.remove()
})

const heard = () => until('changes to be heard', async () => (await changes.mark()) !== undefined)
const glance = async () => (await nft.glance.list('inet', 'kept')) ?? ''
const add = (address: string, how = '') => `add element inet kept some { ${address}${how} }\n`

test('while nothing changes the kernel is not asked; what a hand changes is seen, what this program changes at once', async () => {
  await heard()
  await hand.load(add('192.0.2.1', ' timeout 1s'))
  await until('the change to be seen', async () => /192\.0\.2\.1/.test(await glance()))
  await until('its time to end', async () => !/192\.0\.2\.1/.test((await hand.list('inet', 'kept')) ?? ''))
  // An end of time is no change that somebody made: what was seen stands.
  assert.match(await glance(), /192\.0\.2\.1/)
  await nft.load(add('192.0.2.2'))
  assert.match(await glance(), /192\.0\.2\.2/)
  assert.doesNotMatch(await glance(), /192\.0\.2\.1/)
})

test('thousands of members that are loaded leave nothing behind, and the next change is seen', async () => {
  const many = Array.from({ length: 40_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
  for (let round = 0; round < 2; round++) {
    await hand.load(`flush set inet kept some\n${add(many.join(', '))}`)
    await until('all to be seen', async () => /10\.1\.156\.63/.test(await glance()))
  }
  await hand.load('flush set inet kept some\n')
  await until('the change to be seen', async () => !/10\.1\.156\.63/.test(await glance()))
})

test('each change is told of once, whoever made it; what was missed while nobody listened never counts as none', async () => {
  await heard()
  const before = (await nft.told()) ?? Number.NaN
  await nft.load(`flush set inet kept some\n${add('192.0.2.5')}`)
  await hand.load(add('192.0.2.6'))
  await until('both to be told of', async () => (await nft.told()) === before + 2)
  assert.deepEqual(await Promise.all([nft.told(), nft.told()]), [before + 2, before + 2])
  assert.equal((await run(['pkill', '--parent', String(process.pid), '--exact', 'nft'])).exitCode, 0)
  await until('it to be noticed', async () => (await nft.told()) === undefined)
  await heard()
  await until('somebody to listen again', async () => ((await nft.told()) ?? 0) > before + 3)
})

test('where nobody listens any more, each look is a real one until somebody does again', async () => {
  await heard()
  assert.equal((await run(['pkill', '--parent', String(process.pid), '--exact', 'nft'])).exitCode, 0)
  await until('it to be noticed', async () => (await changes.mark()) === undefined)
  await hand.load(add('192.0.2.3'))
  assert.match(await glance(), /192\.0\.2\.3/)
  await heard()
  await hand.load(add('192.0.2.4'))
  await until('the change to be seen', async () => /192\.0\.2\.4/.test(await glance()))
})

test('tries alone are no change; one beside them is', async (t) => {
  const ended = new AbortController()
  t.after(() => ended.abort())
  const tried = watchFilterChanges(
    { program: makeNftProgram(host.enter), knock: 'often', everyMs: 500 },
    ended.signal,
  )
  let same = { mark: '', sinceMs: 0 }
  const outlives = async (ms: number) => {
    const mark = await tried.mark()
    if (mark !== same.mark) same = { mark: mark ?? '', sinceMs: performance.now() }
    await pause(100)
    return mark !== undefined && performance.now() - same.sinceMs > ms
  }
  // Whoever asks in the middle of a try is told that something has changed.
  await until('a mark that outlives several tries', () => outlives(2_000))
  await hand.load(add('192.0.2.5'))
  await until('the change to be noticed', async () => (await tried.mark()) !== same.mark)
})
