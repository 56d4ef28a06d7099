import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeHearing, SOURCES_MOST } from './hearing.ts'
import { refusedLines, selectRules } from './rule-set.ts'
import { etLike } from './test-rule-set.ts'

test('looked for is what its makers are sure of and what is grave; all else is left out', () => {
  const good = etLike(2_000_001)
  const { rules, left } = selectRules(
    [
      '# a heading',
      good,
      good,
      `#${etLike(2_000_002)}`,
      etLike(2_000_003, { confidence: 'Low' }),
      etLike(2_000_004, { severity: 'Informational' }),
      etLike(2_000_005, { kind: 'policy-violation' }),
      etLike(2_000_006, { head: 'alert ssh any any -> $HOME_NET any' }),
      etLike(2_000_007, { head: 'drop http any any -> $HOME_NET any' }),
      etLike(2_000_008, { match: 'lua:steal.lua;' }),
      etLike(2_000_009, { match: 'dataset:set,names,type string,save names.lst;' }),
      etLike(2_000_010, { match: 'flowbits:isset,ET.seen;' }),
      etLike(7_000_001),
      'alert http any any -> any any (msg:"no number";)',
    ].join('\n'),
  )
  assert.deepEqual(rules, [good])
  assert.equal(left, 11)
})

test('what Suricata does not understand is found again by its line', () => {
  const said = [
    'E: detect-parse: no rule options.',
    'E: detect: error parsing signature "alert http any any -> any any (sid:1;)" from file /a/candidate.rules at line 7',
    'E: detect: error parsing signature "alert tcp" from file /a/candidate.rules at line 12',
  ].join('\n')
  assert.deepEqual(refusedLines(said), [7, 12])
  assert.deepEqual(refusedLines('E: conf-yaml-loader: failed'), [])
})

test('a rule of others that speaks up about everybody is not heard any more; one of the platform always is', () => {
  const hearing = makeHearing()
  const hears = (sid: number, many: number) =>
    Array.from({ length: many }, (_, at) => hearing.isHeard(sid, `203.0.113.${at}`, 0)).filter(Boolean).length
  assert.equal(hears(2_000_001, SOURCES_MOST), SOURCES_MOST)
  assert.ok(hearing.isHeard(2_000_001, '203.0.113.1', 0), 'one source may do it often')
  assert.deepEqual(hearing.silenced(), [])
  assert.equal(hearing.isHeard(2_000_001, '198.51.100.1', 0), false)
  assert.equal(hearing.isHeard(2_000_001, '203.0.113.1', 0), false)
  assert.deepEqual(hearing.silenced(), ['2000001'])
  assert.equal(hears(7_000_001, 100), 100)
  assert.equal(hears(2_000_002, SOURCES_MOST), SOURCES_MOST)
  assert.ok(hearing.isHeard(2_000_002, '198.51.100.1', 90_000_000), 'another day begins anew')
})
