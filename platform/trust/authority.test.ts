import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Authority, daysLeft, openAuthority } from './authority.ts'

let folder: string
let authority: Authority
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-pki-'))
  authority = await openAuthority(folder)
})
after(() => rm(folder, { recursive: true, force: true }))

test('an issued certificate verifies against the root and carries its names', async () => {
  const issued = await authority.issue({
    commonName: 'shop',
    dnsNames: ['shop.maru.localhost'],
    addresses: ['10.1.2.3'],
    days: 90,
  })
  const certificate = new X509Certificate(issued.certPem)
  const root = new X509Certificate(authority.rootPem)
  assert.ok(certificate.verify(root.publicKey))
  assert.ok(certificate.checkIssued(root))
  assert.equal(certificate.checkHost('shop.maru.localhost'), 'shop.maru.localhost')
  assert.equal(certificate.checkHost('other.maru.localhost'), undefined)
  assert.equal(certificate.checkIP('10.1.2.3'), '10.1.2.3')
  assert.equal(certificate.ca, false)
  assert.ok(Math.abs(daysLeft(issued.certPem, new Date()) - 90) < 0.01)
})

test('a machine whose clock is an hour behind takes certificates for good, so that it hears what is wrong', async () => {
  const { certPem } = await authority.issue({ commonName: 'shop', dnsNames: ['shop.test'], days: 1 })
  const hourAgo = Date.now() - 3_600_000
  for (const pem of [certPem, authority.rootPem])
    assert.ok(Date.parse(new X509Certificate(pem).validFrom) < hourAgo)
})

test('a host that has only the certificate makes no authority of its own', async (t) => {
  const other = await mkdtemp(join(tmpdir(), 'maru-pki-'))
  t.after(() => rm(other, { recursive: true, force: true }))
  await writeFile(join(other, 'root.crt'), authority.rootPem)
  await assert.rejects(openAuthority(other), /the key of the authority is not in/)
  assert.equal(await readFile(join(other, 'root.crt'), 'utf8'), authority.rootPem)
})

test('opening it again gives the same root, and the key is private', async () => {
  assert.equal((await openAuthority(folder)).rootPem, authority.rootPem)
  assert.equal((await stat(join(folder, 'root.key'))).mode & 0o777, 0o600)
  const printed = new X509Certificate(authority.rootPem).fingerprint256.replaceAll(':', '').toLowerCase()
  assert.equal(authority.fingerprint, printed)
})
