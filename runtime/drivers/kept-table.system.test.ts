import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '#runtime/agent/test-host.ts'
import { watchFilterChanges } from './filter-changes.ts'
import { type KeptTable, makeKeptTable } from './kept-table.ts'
import { makeNft, type Nft } from './nft.ts'
import { makeNftProgram } from './nft-program.ts'
import { handAfterLoad } from './test-hand.ts'
import { makeNetwork, type TestNetwork } from './test-networks.ts'

const doorAt = (port: number) => `table inet kept {
  counter seen { }
}
flush table inet kept
table inet kept {
  chain door {
    type filter hook input priority filter; policy accept;
    tcp dport ${port} counter name "seen" drop
  }
}
`

let host: TestNetwork
let nft: Nft
let lateHand: (script: string) => void
let table: KeptTable

before(async () => {
  host = await makeNetwork('k')
  nft = makeNft(host.enter)
  const [hand, behind] = handAfterLoad(nft)
  lateHand = hand
  table = makeKeptTable(behind, 'inet', 'kept')
})
after(async () => await host?.remove())

const shown = async () => await nft.rules('inet', 'kept')

test('a table is loaded once, and again when it should be another', async () => {
  assert.equal(await table.keep(doorAt(23)), 'loaded')
  assert.equal(await table.keep(doorAt(23)), 'nothing')
  assert.equal(await table.keep(doorAt(23)), 'nothing')
  assert.match((await shown()) ?? '', /tcp dport 23/)
  assert.equal(await table.keep(doorAt(24)), 'loaded')
  assert.equal(await table.keep(doorAt(24)), 'nothing')
  assert.match((await shown()) ?? '', /tcp dport 24/)
})

test('what a hand changes is put back, when it came right after the load, too', async () => {
  const asItShould = await shown()
  const hands = [
    'delete table inet kept',
    'insert rule inet kept door accept',
    'add chain inet kept wall { type filter hook input priority -1; policy drop; }',
  ]
  for (const hand of hands) {
    await nft.load(`${hand}\n`)
    assert.equal(await table.keep(doorAt(24)), 'mended', hand)
    assert.equal(await shown(), asItShould, hand)
    assert.equal(await table.keep(doorAt(24)), 'nothing', hand)
  }
  for (const hand of hands) {
    assert.equal(await table.keep(doorAt(25)), 'loaded')
    lateHand(hand)
    assert.equal(await table.keep(doorAt(24)), 'loaded')
    assert.notEqual(await shown(), asItShould, hand)
    assert.equal(await table.keep(doorAt(24)), 'mended', hand)
    assert.equal(await shown(), asItShould, hand)
  }
})

test('a table of another shape makes way, and one that is wanted no more goes', async () => {
  await nft.load(
    'delete table inet kept\ntable inet kept {\n chain door {\n type filter hook forward priority 5; policy accept;\n }\n}\n',
  )
  assert.equal(await table.keep(doorAt(24)), 'mended')
  assert.match((await shown()) ?? '', /hook input/)
  assert.equal(await table.keep(undefined), 'loaded')
  assert.equal(await shown(), undefined)
  assert.equal(await table.keep(undefined), 'nothing')
  assert.equal(await table.keep(doorAt(24)), 'loaded')
})

test('what could not be loaded is tried again', async () => {
  await assert.rejects(table.keep('table inet kept {\n chain c {\n nonsense\n }\n}\n'), /nft .*failed/)
  assert.equal(await table.keep(doorAt(26)), 'loaded')
  assert.match((await shown()) ?? '', /tcp dport 26/)
})

test('where changes are told of, a table is loaded once more only when somebody else has changed something meanwhile', async (t) => {
  const over = new AbortController()
  t.after(() => over.abort())
  const changes = watchFilterChanges({ program: makeNftProgram(host.enter), knock: 'knock' }, over.signal)
  const listening = makeNft(host.enter, changes)
  const own = makeKeptTable(listening, 'inet', 'kept')
  const toldAfter = async (script: string) => {
    const before = (await listening.told()) ?? Number.NaN
    assert.equal(await own.keep(script), 'loaded')
    await until('the load to be told of', async () => ((await listening.told()) ?? 0) > before)
    return before + 1
  }
  await until('changes to be heard', async () => (await listening.told()) !== undefined)
  const alone = await toldAfter(doorAt(27))
  for (let time = 0; time < 3; time++) assert.equal(await own.keep(doorAt(27)), 'nothing')
  assert.equal(await listening.told(), alone)
  const beside = await toldAfter(doorAt(28))
  await nft.load('table inet another { }\n')
  await until('the other to be told of', async () => (await listening.told()) === beside + 1)
  for (let time = 0; time < 3; time++) assert.equal(await own.keep(doorAt(28)), 'nothing')
  await until('the load to be told of', async () => (await listening.told()) === beside + 2)
})
