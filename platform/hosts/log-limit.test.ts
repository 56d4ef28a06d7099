import assert from 'node:assert/strict'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { limitLog, limitLogs } from './log-limit.ts'

test('a log that grew too long begins anew under the feet of who writes it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-log-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'engine.log')
  const file = await open(path, 'a')
  await file.write('0123456789')
  assert.equal(limitLog(file.fd, 10), false)
  await file.write('!')
  assert.equal(limitLog(file.fd, 10), true)
  await file.write('next')
  await file.close()
  assert.equal(await readFile(path, 'utf8'), 'next')
  assert.equal(await readFile(`${path}.1`, 'utf8'), '0123456789!')
  await writeFile(join(folder, 'b.log'), 'x'.repeat(11))
  await limitLogs(folder, 10)
  assert.equal(await readFile(join(folder, 'b.log'), 'utf8'), '')
  assert.equal(await readFile(path, 'utf8'), 'next')
})
