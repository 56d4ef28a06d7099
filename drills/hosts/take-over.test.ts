import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LATE, LOST, WHOLE } from './fault-of-hosts.ts'
import { judgeTakeOver } from './take-over.ts'

const EDGE = { name: 'b1', dataCentre: 'b', address: '192.0.2.2', full: true, first: false }

/** A story in which nothing failed, and what it was asked to do, in order. */
function calmStory() {
  const did: string[] = []
  const story = {
    ledger: { acknowledged: [], failed: [] },
    struckMs: () => performance.now(),
    takenOver: async () => void did.push('taken over'),
    repaired: async (label: string, repair: () => Promise<void>) => {
      await repair()
      did.push(label)
      return 12
    },
    sumUp: async () => ({
      values: { [LOST]: 0, [LATE]: 0, [WHOLE]: 12 },
      figures: [],
      ledger: { entries: [1, 2, 3] },
    }),
  }
  return { did, story: story as never }
}

test('others have taken over before the damage is repaired; one sentence says how it went', async () => {
  const { did, story } = calmStory()
  const repair = async () => void did.push('repair')
  const said = await judgeTakeOver(
    story,
    [EDGE],
    { label: 'host goes on', repair },
    { where: 'at the other edges ', since: 'the host went on', late: true },
  )
  assert.deepEqual(did, ['taken over', 'repair', 'host goes on'])
  assert.match(
    said.result,
    /^Of 3 acknowledged writes 0 were lost, and 0 were taken by who had led before; at the other edges no write was acknowledged for [\d.]+ s, new requests without a database failed for 0 s, 0 requests failed after the failover time; 12 s after the host went on all was whole\.$/,
  )
  const plain = await judgeTakeOver(story, [EDGE], { label: 'on', repair }, { since: 'it was on' })
  assert.match(
    plain.result,
    /^Of 3 acknowledged writes 0 were lost; no write .* 12 s after it was on all was whole\.$/,
  )
})
