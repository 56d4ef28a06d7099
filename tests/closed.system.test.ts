import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { closedTableOf, renderClosed } from '#platform/hosts/closed-script.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { installation, waitFor } from './harness.ts'

test('`maru up` has left what closes the network of apps before the engine starts next', async () => {
  assert.equal(
    await readFile(`/etc/maru/closed/${installation.name}.nft`, 'utf8'),
    renderClosed(installation),
  )
  assert.match(await readFile('/etc/maru/closed.nft', 'utf8'), /^include "\/etc\/maru\/closed\/\*\.nft"$/m)
})

test('closed while its rules are in force, the network is open again after the next pass', async (t) => {
  const nft = makeNft()
  const tables = async () =>
    (await nft.tables()).filter(({ name }) => name === closedTableOf(installation)).length
  assert.equal(await tables(), 0)
  await nft.load(renderClosed(installation))
  const since = performance.now()
  await waitFor('the network to be open', async () => (await tables()) === 0, 15_000)
  t.diagnostic(`open again after ${((performance.now() - since) / 1000).toFixed(1)} s`)
})
