import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAuthority } from './authority.ts'
import { seal, unseal } from './seal.ts'

test('a sealed text is opened by the key of its certificate, whole or not at all', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-seal-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const authority = await openAuthority(folder)
  const issue = () => authority.issue({ commonName: 'host', dnsNames: ['host'], days: 1 })
  const [mine, other] = [await issue(), await issue()]
  const sealed = await seal('the password', mine.certPem)
  assert.ok(!sealed.includes(Buffer.from('the password').toString('base64url').slice(0, 12)))
  assert.equal(await unseal(sealed, mine.keyPem), 'the password')
  await assert.rejects(unseal(sealed, other.keyPem))
  const parts = sealed.split('.')
  const [text = ''] = parts.splice(3, 1, `${parts[3]?.startsWith('A') ? 'B' : 'A'}${parts[3]?.slice(1)}`)
  assert.notEqual(parts[3], text)
  await assert.rejects(unseal(parts.join('.'), mine.keyPem))
})
