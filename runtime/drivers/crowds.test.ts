import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crowds, openConnections } from './crowds.ts'

test('who has too many connections open to programs here is found; what the host opened itself does not count', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-crowds-'))
  t.after(() => rm(folder, { recursive: true }))
  const row = (local: string, remote: string, state: string) =>
    `   0: ${local} ${remote} ${state} 00000000:00000000`
  const times = (count: number, line: string) => Array<string>(count).fill(line)
  await writeFile(
    join(folder, 'tcp'),
    [
      'sl local rem st',
      row('00000000:0016', '00000000:0000', '0A'),
      row('00000000:0050', '00000000:0000', '0A'),
      ...times(4, row('0101A8C0:0016', '097100CB:C350', '01')),
      ...times(2, row('0101A8C0:0016', '0A7100CB:C350', '01')),
      ...times(9, row('0101A8C0:0050', '0B7100CB:C350', '01')),
      ...times(9, row('0101A8C0:D431', '0C7100CB:0016', '01')),
      ...times(9, row('0101A8C0:0016', '0D7100CB:C350', '06')),
    ].join('\n'),
  )
  await writeFile(
    join(folder, 'tcp6'),
    [
      'sl local rem st',
      ...times(
        2,
        row('0000000000000000FFFF00000101A8C0:0016', '0000000000000000FFFF00000A7100CB:C350', '01'),
      ),
      ...times(
        4,
        row('B80D0120000000000000000001000000:0016', 'B80D0120020000000000000009000000:C350', '01'),
      ),
    ].join('\n'),
  )
  await writeFile(join(folder, 'sockstat'), 'TCP: inuse 35 orphan 0 tw 0 alloc 0\n')
  await writeFile(join(folder, 'sockstat6'), 'TCP6: inuse 6\n')
  assert.deepEqual(await crowds(3, [80], folder), ['2001:db8:0:2::/64', '203.0.113.10', '203.0.113.9'])
  assert.deepEqual(await crowds(4, [80], folder), [])
  // Nobody has more than all together.
  assert.deepEqual(await crowds(41, [80], folder), [])
  assert.deepEqual(await crowds(3, [80], join(folder, 'nothing')), [])
})

test('open connections of both families are counted together, without a list of them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-crowds-'))
  t.after(() => rm(folder, { recursive: true }))
  assert.equal(await openConnections(folder), 0)
  await writeFile(
    join(folder, 'sockstat'),
    'sockets: used 49\nTCP: inuse 1200 orphan 3 tw 5 alloc 1\nUDP: inuse 7\n',
  )
  await writeFile(join(folder, 'sockstat6'), 'TCP6: inuse 34\nUDP6: inuse 9\n')
  assert.equal(await openConnections(folder), 1234)
})
