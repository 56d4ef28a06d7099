import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseConfig, parseRelease, parseScale } from './assignments.ts'

const folder = await mkdtemp(join(tmpdir(), 'assignments-'))
after(() => rm(folder, { recursive: true }))
const noStdin = () => Promise.reject(new Error('standard input was read'))

test('values may hold anything, equals signs and line breaks too', async () => {
  assert.deepEqual(await parseConfig(['A=b=c', 'EMPTY=', 'TEXT=one\ntwo', 'B=$(x)', 'AT=@@home'], noStdin), {
    A: 'b=c',
    EMPTY: '',
    TEXT: 'one\ntwo',
    B: '$(x)',
    AT: '@home',
  })
})

test('values come from files and from standard input', async () => {
  const file = join(folder, 'key.pem')
  await writeFile(file, 'line 1\nline 2\n')
  assert.deepEqual(await parseConfig([`KEY=@${file}`], noStdin), { KEY: 'line 1\nline 2' })
  assert.deepEqual(await parseConfig(['KEY=@-'], async () => 'secret\n'), { KEY: 'secret' })
  assert.deepEqual(await parseConfig(['-', 'B=2'], async () => '# note\nA="one two"\n\nB=1\n'), {
    A: 'one two',
    B: '2',
  })
  await assert.rejects(parseConfig(['KEY=@/nowhere'], noStdin), /KEY: the file \/nowhere cannot be read/)
})

test('bad input names the field and the reason', async () => {
  await assert.rejects(parseConfig(['novalue'], noStdin), /"novalue": must look like NAME=VALUE/)
  await assert.rejects(parseConfig(['=x'], noStdin), /must look like NAME=VALUE/)
  await assert.rejects(parseConfig(['lower=x'], noStdin), /lower: must be upper-case/)
  await assert.rejects(parseConfig([], noStdin), /nothing to set/)
  assert.throws(() => parseScale(['web=many']), /web: must be a whole number, not "many"/)
  assert.throws(() => parseScale(['web']), /must look like web=3/)
  assert.throws(() => parseScale(['web=1', 'web=2']), /web: is given twice/)
  assert.throws(() => parseRelease('latest'), /RELEASE: must be a release number such as v3/)
})

test('scale and release read as people write them', () => {
  assert.deepEqual(parseScale(['web=3', 'worker=0']), { web: 3, worker: 0 })
  assert.equal(parseRelease('v12'), 12)
  assert.equal(parseRelease('3'), 3)
})
