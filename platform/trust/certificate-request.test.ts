import assert from 'node:assert/strict'
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Authority, openAuthority } from './authority.ts'
import { checkCertificateRequest, newHostKey, openHostKey, validityOf } from './certificate-request.ts'

let folder: string
let authority: Authority

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-request-'))
  authority = await openAuthority(folder)
})
after(() => rm(folder, { recursive: true }))

test('a request is signed with the names that the authority is told, for the key of the request', async () => {
  const key = await newHostKey()
  const { publicKey, keyHash } = await checkCertificateRequest(await key.request('anything'))
  assert.equal(keyHash, key.hash)
  const name = 'two.hosts.maru.internal'
  const wanted = { commonName: name, dnsNames: [name], addresses: ['10.0.0.2'], days: 7, client: true }
  const pem = await authority.sign(publicKey, wanted)
  const certificate = new X509Certificate(pem)
  assert.ok(certificate.verify(new X509Certificate(authority.rootPem).publicKey))
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key.keyPem)))
  assert.equal(certificate.subjectAltName, 'DNS:two.hosts.maru.internal, IP Address:10.0.0.2')
  assert.equal(certificate.checkHost('anything'), undefined)
  const { from, to } = validityOf(pem)
  assert.ok(Math.abs((to.getTime() - Date.now()) / 86_400_000 - 7) < 0.01)
  assert.ok(from.getTime() < Date.now())
})

test('a key is the same when it is opened again, and its self-signed certificate shows it', async () => {
  const key = await newHostKey()
  const again = await openHostKey(key.keyPem)
  assert.equal(again.hash, key.hash)
  const certificate = new X509Certificate(await again.selfSigned('joining'))
  const der = certificate.publicKey.export({ type: 'spki', format: 'der' })
  assert.equal(createHash('sha256').update(der).digest('hex'), key.hash)
})

test('a request that was changed on the way is refused', async () => {
  const request = await (await newHostKey()).request('two')
  const der = Buffer.from(request.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  // In the middle of the signature.
  der[der.length - 10] = (der[der.length - 10] ?? 0) ^ 1
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`
  await assert.rejects(checkCertificateRequest(forged), { code: 'invalid' })
  const nonsense = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'
  await assert.rejects(checkCertificateRequest(nonsense), { code: 'invalid' })
})
