import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { EDGE_REQUESTS_PER_CALL, EdgePurpose, EdgeRequests } from '#contract/edge-certificates.ts'
import type { HostName } from '#contract/ids.ts'
import { type Authority, newHostKey, openAuthority } from '#platform/trust/index.ts'
import { signForEdge } from './sign.ts'

let folder: string
let authority: Authority
const host = 'second' as HostName

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-sign-'))
  authority = await openAuthority(folder)
})
after(() => rm(folder, { recursive: true }))

const ask = async (...purposes: string[]) => {
  const requests = await Promise.all(
    purposes.map(async (purpose) => ({
      purpose,
      request: await (await newHostKey()).request('bank.example'),
    })),
  )
  const facts = {
    domain: 'maru.localhost',
    hostNames: new Set(['shop.maru.localhost', 'postgres.maru.internal']),
  }
  return await signForEdge(authority, facts, { host, requests })
}

test("the host's own, the platform's name and the names of apps are signed, for the name that they say", async () => {
  const { certificates, refused } = await ask('default', 'peer', 'maru.localhost', 'shop.maru.localhost')
  const said = certificates.map(({ certificate }) => new X509Certificate(certificate))
  assert.deepEqual(refused, [])
  assert.deepEqual(
    said.map(({ subject, subjectAltName }) => [subject, subjectAltName]),
    [
      ['CN=invalid', 'DNS:invalid'],
      ['CN=edge.maru.internal', 'DNS:second.edge.maru.internal'],
      ['CN=maru.localhost', 'DNS:maru.localhost'],
      ['CN=shop.maru.localhost', 'DNS:shop.maru.localhost'],
    ],
  )
  const root = new X509Certificate(authority.rootPem)
  assert.ok(said.every((one) => one.verify(root.publicKey)))
  // 1.3.6.1.5.5.7.3.2: only the one for other edges opens doors.
  const opens = said.map(({ keyUsage }) => keyUsage?.includes('1.3.6.1.5.5.7.3.2') === true)
  assert.deepEqual(opens, [false, true, false, false])
})

test('a name that no app here has is refused, and so is one that is a part of the platform, whoever says it', async () => {
  const names = ['other.maru.localhost', 'postgres.maru.internal', 'bank.example', 'xmaru.localhost']
  assert.deepEqual(await ask(...names), { certificates: [], refused: names })
  const mixed = await ask('other.maru.localhost', 'shop.maru.localhost')
  assert.deepEqual(
    mixed.certificates.map(({ purpose }) => purpose),
    ['shop.maru.localhost'],
  )
})

test('what is no purpose, and more than one call may ask for, is refused before', async () => {
  for (const purpose of ['shop', '../peer', 'a.b\nc.d', 'A.b', '', '.', 'a..b'])
    assert.equal(EdgePurpose.safeParse(purpose).success, false, purpose)
  const one = { purpose: 'default', request: await (await newHostKey()).request('x') }
  const many = (count: number) => ({ requests: Array.from({ length: count }, () => one) })
  assert.equal(EdgeRequests.safeParse(many(EDGE_REQUESTS_PER_CALL)).success, true)
  assert.equal(EdgeRequests.safeParse(many(EDGE_REQUESTS_PER_CALL + 1)).success, false)
})
