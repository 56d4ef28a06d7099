import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer, type Server } from 'node:tls'
import { MESH_PORT } from '#contract/fleet.ts'
import { certificateNameOf, certificateNamesOf } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import {
  type Authority,
  checkCertificateRequest,
  type IssuedCertificate,
  openAuthority,
  openHostKey,
} from '#platform/trust/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { publicKeyHash } from '#runtime/drivers/tls-probe.ts'
import {
  askOnce,
  certificateFor,
  fleetOf,
  hold,
  knockAtDoor,
  type MeshHost,
  makeMeshHost,
  startAsking,
} from './test-mesh.ts'

const docker = makeDocker('/var/run/docker.sock')
/** East has a door, west the ways to it and to voice, which is this test; they meet on the bridges of this machine. */
const AT = { east: '10.224.1.1', west: '10.225.1.30', voice: '127.71.1.3', voiceForWest: '10.225.1.1' }
const ELSEWHERE = '127.71.1.4'
/** What west finds at the addresses of the control planes: a way to east's, and one to voice's. */
const TO_EAST = ['10.225.1.30', 7700] as const
const TO_VOICE = ['10.225.1.31', 7700] as const
const SERVICES = { control: 'east', 'control-2': 'voice' }
const FOR_EAST = fleetOf({ east: AT.east, west: AT.west, voice: AT.voice }, SERVICES)
const FOR_WEST = fleetOf({ east: AT.east, west: AT.west, voice: AT.voiceForWest }, SERVICES)

let folder: string
let authority: Authority
let stranger: Authority
let east: MeshHost
let west: MeshHost
let voice: Server
/** Serial number of the certificate that was shown to voice last. */
let shownToVoice = ''
const certificates: Record<'east' | 'west' | 'voice', IssuedCertificate> = {} as never

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-mesh-'))
  authority = await openAuthority(join(folder, 'pki'))
  stranger = await openAuthority(join(folder, 'other'))
  for (const name of ['east', 'west', 'voice'] as const)
    certificates[name] = await certificateFor(authority, name)
  east = await makeMeshHost('east', 224, { docker, authority, address: AT.east, control: 'east: ' })
  west = await makeMeshHost('west', 225, { docker, authority, address: '127.71.1.2' })
  await east.apply(FOR_EAST, certificates.east)
  await west.apply(FOR_WEST, certificates.west)
  voice = await serveVoice()
  for (const [host, port] of [TO_EAST, TO_VOICE])
    await until(`the way ${host}`, () => askOnce(host, port, 'x').catch(() => undefined))
})
after(async () => {
  voice?.close()
  await east?.destroy()
  await west?.destroy()
  await rm(folder, { recursive: true })
})

const settingsOf = ({ certPem, keyPem }: IssuedCertificate) => ({
  ...{ cert: certPem, key: keyPem, ca: authority.rootPem },
  ...{ requestCert: true, rejectUnauthorized: true },
})

/** The door of a host that tells what it is shown. */
async function serveVoice(): Promise<Server> {
  const server = createServer(settingsOf(certificates.voice), (socket) => {
    shownToVoice = socket.getPeerX509Certificate()?.serialNumber ?? ''
    socket.on('error', () => undefined)
    socket.on('data', (data) => socket.write(`voice: ${data}`))
  })
  await new Promise<void>((resolve) => server.listen(MESH_PORT, AT.voiceForWest, resolve))
  return server
}

const serialOf = ({ certPem }: IssuedCertificate) => new X509Certificate(certPem).serialNumber
const keyOf = ({ certPem }: IssuedCertificate) => publicKeyHash(new X509Certificate(certPem))

/** Knocks at east's door as somebody who asks for its control plane. */
const knock = (certificate: IssuedCertificate | undefined, from = AT.voice) => {
  const servername = `control-7700.${certificateNameOf(east.name)}`
  return knockAtDoor({ address: AT.east, servername, ca: authority.rootPem }, { certificate, from })
}
const answerTo = async (...how: Parameters<typeof knock>) => (await knock(...how)).answer

/** The same host's next certificate, for the key that it has. */
async function renewedFor(name: string, { keyPem }: IssuedCertificate, days = 7): Promise<IssuedCertificate> {
  const { publicKey } = await checkCertificateRequest(await (await openHostKey(keyPem)).request(name))
  const names = {
    commonName: certificateNameOf(name as HostName),
    dnsNames: certificateNamesOf(name as HostName),
  }
  return { certPem: await authority.sign(publicKey, { ...names, days, client: true }), keyPem }
}

test('certificates are renewed under requests, for the same key and for new ones: none fails, and what is open goes on', async (t) => {
  const held = hold(...TO_EAST)
  assert.equal(await held.say('before'), 'east: before')
  const processes = [await east.running(), await west.running()]
  const asking = startAsking((line) => askOnce(...TO_EAST, line), 4)
  const more = async () => {
    const goal = asking.seen().answered + 200
    await until('200 more answers', async () => asking.seen().answered >= goal)
  }
  await more()
  for (const isNewKey of [false, true]) {
    const [forEast, forWest] = isNewKey
      ? [await certificateFor(authority, 'east'), await certificateFor(authority, 'west')]
      : [await renewedFor('east', certificates.east), await renewedFor('west', certificates.west)]
    assert.equal(keyOf(forEast) !== keyOf(certificates.east), isNewKey)
    const before = { door: (await knock(certificates.voice)).serial, way: shownToVoice }
    assert.deepEqual(before, { door: serialOf(certificates.east), way: serialOf(certificates.west) })
    // East's door and its way to voice; west's door and its two ways.
    assert.equal(await east.apply(FOR_EAST, forEast), 2)
    await more()
    assert.equal(await west.apply(FOR_WEST, forWest), 3)
    await more()
    assert.equal(await held.say('on'), 'east: on')
    assert.equal(await askOnce(...TO_VOICE, 'x'), 'voice: x')
    const now = { door: (await knock(certificates.voice)).serial, way: shownToVoice }
    assert.deepEqual(now, { door: serialOf(forEast), way: serialOf(forWest) })
    Object.assign(certificates, { east: forEast, west: forWest })
    // What has it takes it no second time.
    assert.deepEqual([await east.apply(FOR_EAST, forEast), await west.apply(FOR_WEST, forWest)], [0, 0])
  }
  const { answered, failed } = await asking.stop()
  t.diagnostic(`${answered} new connections`)
  assert.deepEqual(failed, [])
  assert.equal(await held.say('after'), 'east: after')
  held.end()
  assert.deepEqual([await east.running(), await west.running()], processes)
})

test('a door lets nobody in without a good certificate of a member', async () => {
  const names = { commonName: certificateNameOf('voice' as HostName), dnsNames: [], client: true, days: 7 }
  assert.equal(await answerTo(certificates.voice), 'east: here')
  assert.equal(await answerTo(undefined), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
  assert.equal(await answerTo(await stranger.issue(names)), 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA')
  const ended = await certificateFor(authority, 'voice', -0.001)
  assert.equal(await answerTo(ended), 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED')
  // Others of the installation: a part of the platform, and a host of which nobody knows.
  assert.equal(await answerTo(await authority.issue({ ...names, commonName: 'postgres-1' })), 'closed')
  assert.equal(await answerTo(await certificateFor(authority, 'unknown')), 'closed')
  assert.equal(await answerTo(certificates.east), 'closed', 'its own')
  assert.equal(await answerTo(certificates.voice, ELSEWHERE), 'closed', 'from another address')
})

test('the certificate of a removed host opens no door, also when another has its name by now', async () => {
  const held = hold(...TO_EAST)
  assert.equal(await held.say('before'), 'east: before')
  const without = fleetOf({ east: AT.east, west: AT.west }, { control: 'east' })
  await east.apply(without, certificates.east)
  await until('the door knows it', async () => (await answerTo(certificates.voice)) === 'closed')
  const namesake = await certificateFor(authority, 'voice')
  const again = fleetOf({ east: AT.east, west: AT.west, voice: ELSEWHERE }, { control: 'east' })
  await east.apply(again, certificates.east)
  await until('the new one is let in', async () => (await answerTo(namesake, ELSEWHERE)) === 'east: here')
  assert.equal(await answerTo(certificates.voice), 'closed')
  assert.equal(await askOnce(...TO_EAST, 'x'), 'east: x')
  assert.equal(await held.say('after'), 'east: after', 'the others go on')
  held.end()
})

test('a way leads to nobody who shows the certificate of another host, of another authority or one that has ended', async () => {
  const names = {
    commonName: certificateNameOf('voice' as HostName),
    dnsNames: certificateNamesOf('voice' as HostName),
  }
  const wrong = [
    certificates.west,
    await stranger.issue({ ...names, days: 7 }),
    await certificateFor(authority, 'voice', -0.001),
  ]
  for (const shown of wrong) {
    assert.equal(await askOnce(...TO_VOICE, 'x'), 'voice: x')
    voice.setSecureContext(settingsOf(shown))
    await assert.rejects(askOnce(...TO_VOICE, 'x'), { message: 'closed' })
    voice.setSecureContext(settingsOf(certificates.voice))
    await until('the way is open again', () => askOnce(...TO_VOICE, 'x').catch(() => undefined))
  }
})
