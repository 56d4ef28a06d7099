import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeNft } from '#runtime/drivers/nft.ts'
import { makeNetwork } from '#runtime/drivers/test-networks.ts'
import { removeRemains, removeTables } from './filter-tables.ts'

const OURS = { id: 'inst_ours', subnet: '10.231' }

/** The tables that an installation has in the packet filter, with its range in those that judge by addresses. */
const tablesOf = (id: string, subnet: string) => `
table inet maru_${id} {
  set inside {
    typeof ip daddr
    flags interval
    elements = { ${subnet}.0.0/16 }
  }
}
table inet maru_guard_${id} {
}
table arp maru_${id}_address {
}
table bridge maru_ports_${id} {
  chain p_new {
    arp saddr ip != ${subnet}.128.0/17 accept
    drop
  }
}
`

test('rules that an installation of the same range left behind are removed, those of others are not', async (t) => {
  const host = await makeNetwork('r')
  t.after(() => host.remove())
  const nft = makeNft(host.enter)
  const names = async () => (await nft.tables()).map(({ family, name }) => `${family} ${name}`)
  const staying = [
    tablesOf('inst_ours', '10.231'),
    tablesOf('inst_known', '10.231'),
    tablesOf('inst_elsewhere', '110.231'),
    tablesOf('inst_beside', '10.23'),
    'table inet somebody {\n chain c {\n ip saddr 10.231.0.0/16 drop\n }\n}\n',
  ]
  for (const script of staying) await nft.load(script)
  const before = await names()
  await nft.load(tablesOf('inst_gone', '10.231'))
  assert.equal((await names()).length, before.length + 4)

  const told = await removeRemains(OURS, new Set(['inst_known']), nft)
  assert.deepEqual(told.toSorted(), [
    'removed table maru_guard_inst_gone of an installation that is gone',
    'removed table maru_inst_gone of an installation that is gone',
    'removed table maru_inst_gone_address of an installation that is gone',
    'removed table maru_ports_inst_gone of an installation that is gone',
  ])
  assert.deepEqual(await names(), before)
  assert.deepEqual(await removeRemains(OURS, new Set(['inst_known']), nft), [])
})

test('all that an installation has in the filter is removed, and nothing of one whose id begins alike', async (t) => {
  const host = await makeNetwork('t')
  t.after(() => host.remove())
  const nft = makeNft(host.enter)
  await nft.load(tablesOf('inst_our', '10.231'))
  const others = await nft.tables()
  await nft.load(tablesOf('inst_ours', '10.231'))
  assert.equal((await nft.tables()).length, others.length + 4)
  await removeTables(OURS, nft)
  assert.deepEqual(await nft.tables(), others)
})
