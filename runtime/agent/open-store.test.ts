import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Installation } from '#contract/installation.ts'
import { keepOpen } from './open-store.ts'

const installation = { id: 'inst_s', name: 'storetest', subnet: '10.251' } as Installation

test('the store is opened anew with another certificate or at other addresses, and not otherwise', async (t) => {
  const pass = { ca: '', cert: 'one', key: '' }
  const stores = ['10.251.1.1']
  const open = keepOpen({ installation, issuePass: async () => ({ ...pass }), stores: () => [...stores] })
  t.after(() => open.close())
  const first = await open.current()
  assert.equal(await open.current(), first)
  pass.cert = 'two'
  const second = await open.current()
  assert.notEqual(second, first)
  stores.push('10.251.1.2')
  assert.notEqual(await open.current(), second)
})
