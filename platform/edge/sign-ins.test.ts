import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { renderEdge } from './render.ts'
import { parseGuessers } from './sign-ins.ts'

test('the whole configuration of an edge that leads to the control plane only', () => {
  const installation = { name: 'maru', domain: 'maru.localhost', ports: { http: 80, https: 443 } }
  const input = { installation: { ...installation, subnet: '10.9' }, home: '/var/lib/maru', ipv6: true }
  assertGolden(import.meta.dirname, 'edge.cfg', renderEdge({ ...input, apps: [] }, 'm'))
})

const NOW = 1_900_000_000_000
const line = (key: string, counts: string) => `0x7f: key=${key} use=0 exp=86398 shard=0 ${counts}`

test('what HAProxy shows of its table is who guesses, each once', () => {
  const failing = line('::ffff:203.0.113.7', 'gpt0=0 gpc0=52 gpc0_rate(900000)=51 gpc1=7 gpc1_rate(900000)=6')
  const held = line('2001:db8:7::', 'gpt0=1900000060 gpc0=0 gpc0_rate(900000)=0 gpc1=1 gpc1_rate(900000)=1')
  const over = line(
    '::ffff:203.0.113.8',
    'gpt0=1899999999 gpc0=0 gpc0_rate(900000)=0 gpc1=0 gpc1_rate(900000)=0',
  )
  const shown = `# table: sign-ins, type: ipv6, size:102400, used:3\n${failing}\n\n${held}\n${over}\n${held}\n`
  assert.deepEqual(parseGuessers(shown, NOW), [
    { address: '203.0.113.7', failed: 51, turnedAway: 6, leftS: 0 },
    { address: '2001:db8:7::', failed: 0, turnedAway: 1, leftS: 60 },
    { address: '203.0.113.8', failed: 0, turnedAway: 0, leftS: 0 },
  ])
  assert.deepEqual(parseGuessers('Unknown table\n', NOW), [])
})
