import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeStrangers } from './closed-at-start.ts'
import { renderClosed } from './closed-script.ts'

test('what an installation of the same range has left behind is removed; that of another range stays', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-closed-'))
  t.after(() => rm(folder, { recursive: true }))
  const ours = { id: 'inst_ours', name: 'ours', subnet: '10.89' }
  const all = [ours, { id: 'inst_gone', name: 'gone', subnet: '10.89' }]
  for (const subnet of ['110.89', '10.8', '10.90'])
    all.push({ id: 'inst_other', name: `n${subnet.replace('.', '')}`, subnet })
  for (const one of all) await writeFile(join(folder, `${one.name}.nft`), renderClosed(one))
  await removeStrangers(ours, folder)
  assert.deepEqual((await readdir(folder)).sort(), ['n108.nft', 'n1090.nft', 'n11089.nft', 'ours.nft'])
})
