import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test as run } from 'node:test'
import type { EdgeRequest } from '#contract/edge-certificates.ts'
import { type Authority, checkCertificateRequest, openAuthority } from '#platform/trust/index.ts'
import { type AskedCertificates, openAskedCertificates } from './asked-certificates.ts'
import { contentOf } from './certificate-source.ts'
import { ensureCertificates } from './certificates.ts'

const DAY_MS = 86_400_000
const PURPOSES = ['default', 'peer', 'shop.maru.localhost']
let folder: string
let authority: Authority
let home: string
let asked: AskedCertificates
let offsetMs = 0
const now = () => new Date(Date.now() + offsetMs)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-asked-'))
  authority = await openAuthority(join(folder, 'pki'))
})
after(() => rm(folder, { recursive: true }))
/** A test with a host of its own, that has asked for nothing yet. */
const test = (name: string, work: () => Promise<void>) =>
  run(name, async () => {
    offsetMs = 0
    home = await mkdtemp(join(folder, 'host-'))
    asked = await open()
    await work()
  })

const open = () =>
  openAskedCertificates({ file: join(home, 'asked.json'), host: 'second', rootPem: authority.rootPem, now })
const ensure = (purposes = PURPOSES) =>
  ensureCertificates({ folder: join(home, 'certs'), source: asked, now }, purposes)
const signed = (requests: readonly EdgeRequest[], by = authority, days = 90) =>
  Promise.all(
    requests.map(async ({ purpose, request }) => {
      const { publicKey } = await checkCertificateRequest(request)
      return { purpose, certificate: await by.sign(publicKey, { ...contentOf(purpose, 'second'), days }) }
    }),
  )
const purposes = (requests: readonly EdgeRequest[]) => requests.map(({ purpose }) => purpose)

test('what is not signed yet is missing and asked for; there is a certificate to begin with', async () => {
  const first = await ensure()
  assert.deepEqual([[...first.missing], first.asked], [['peer', 'shop.maru.localhost'], 3])
  assert.deepEqual(purposes(await asked.requests('')), PURPOSES)
  assert.deepEqual(purposes(await asked.requests('default')), ['peer', 'shop.maru.localhost'])
  // The stand-in is made once: each new one would be a reload.
  assert.equal((await ensure()).mark, first.mark)
})

test('a signed one is taken into use with its key, and nothing is asked for any more', async () => {
  const before = await ensure()
  assert.equal(await asked.take(await signed(await asked.requests(''))), 3)
  const now = await ensure()
  assert.deepEqual([now.missing.size, now.asked], [0, 0])
  assert.notEqual(now.mark, before.mark)
  const file = join(home, 'certs/shop.maru.localhost.pem')
  const pem = await (await import('node:fs/promises')).readFile(file, 'utf8')
  assert.ok(new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem)))
  assert.equal((await stat(file)).mode & 0o777, 0o400)
  assert.equal((await ensure()).mark, now.mark)
  assert.deepEqual(await asked.requests(''), [])
})

test('a restart loses no key that waits, and no certificate that came', async () => {
  await ensure()
  const requests = await asked.requests('')
  asked = await open()
  await ensure()
  assert.equal(await asked.take(await signed(requests)), 3)
  asked = await open()
  assert.equal((await ensure()).missing.size, 0)
  assert.equal((await stat(join(home, 'asked.json'))).mode & 0o777, 0o600)
})

test('with less than 30 days left a successor is asked for; until it comes the old one stays in use', async () => {
  await ensure()
  await asked.take(await signed(await asked.requests('')))
  const { mark } = await ensure()
  offsetMs = 59 * DAY_MS
  assert.equal((await ensure()).asked, 0)
  offsetMs = 61 * DAY_MS
  const due = await ensure()
  assert.deepEqual([due.mark, due.missing.size, due.asked], [mark, 0, 3])
  await asked.take(await signed(await asked.requests(''), authority, 200))
  const renewed = await ensure()
  assert.notEqual(renewed.mark, mark)
  assert.equal(renewed.asked, 0)
})

test('a wrong one is refused and nothing of its batch is taken: another root, name, or one that soon ends', async () => {
  await ensure()
  const requests = await asked.requests('')
  const [, peer, shop] = requests
  assert.ok(peer && shop)
  const other = await openAuthority(join(home, 'other'))
  const good = await signed([peer])
  const wrong = [
    await signed([shop], other),
    await signed([shop], authority, 20),
    (await signed([shop])).map((one) => ({ ...one, purpose: 'blog.maru.localhost' })),
  ]
  for (const certificates of wrong)
    await assert.rejects(asked.take([...good, ...certificates]), { code: 'invalid' })
  assert.equal((await ensure()).asked, 3)
})

test('what nothing wants any more is not asked for, and its certificate is left', async () => {
  await ensure()
  const certificates = await signed(await asked.requests(''))
  await ensure(['default', 'peer'])
  assert.deepEqual(purposes(await asked.requests('')), ['default', 'peer'])
  assert.equal(await asked.take(certificates), 2)
  // Asked for again, it has another key.
  await ensure()
  assert.equal(await asked.take(certificates.slice(2)), 0)
  assert.equal((await ensure()).asked, 1)
})
