import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { CLOSED_SCRIPT, closedTableOf, renderClosed } from './closed-script.ts'

const PLACE = { id: 'inst_a', name: 'maru', subnet: '10.89' }

test('what closes the network of apps before the engine starts', () => {
  assertGolden(import.meta.dirname, 'closed.nft', renderClosed(PLACE))
})

test('one script loads what each installation of a machine has', () => {
  assert.match(CLOSED_SCRIPT, /^include "\/etc\/maru\/closed\/\*\.nft"$/m)
})

test('two installations close their own networks only, and names have only letters that the filter takes', () => {
  const other = renderClosed({ id: 'inst_b', name: 'other', subnet: '10.90' })
  assert.doesNotMatch(other, /inst_a|"maru-|10\.89/)
  assert.equal(closedTableOf({ id: 'test-0a.b"{' }), 'maru_closed_test_0a_b__')
})
