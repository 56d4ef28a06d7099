import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { EDGE_LIMITS } from '#platform/edge/index.ts'
import { watchCrowd } from './crowd-watch.ts'

/** What the kernel shows of a network with so many connections. */
async function networkWith(t: TestContext, connections: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-crowd-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'sockstat'), `TCP: inuse ${connections - 1} orphan 0\n`)
  await writeFile(join(folder, 'sockstat6'), 'TCP6: inuse 1\n')
  return folder
}

test('the edge is asked again and again while the host has as many connections as one source may have, and not before', async (t) => {
  const ending = new AbortController()
  const looks = { calm: 0, crowded: 0 }
  const share = EDGE_LIMITS.connectionsPerSource
  const calm = watchCrowd(
    await networkWith(t, share - 1),
    async () => {
      looks.calm += 1
    },
    ending.signal,
  )
  const crowded = watchCrowd(
    await networkWith(t, share),
    async () => {
      looks.crowded += 1
      if (looks.crowded === 2) ending.abort()
    },
    ending.signal,
  )
  await Promise.all([calm, crowded])
  assert.deepEqual(looks, { calm: 0, crowded: 2 })
})
