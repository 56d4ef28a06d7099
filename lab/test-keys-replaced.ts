import assert from 'node:assert/strict'
import { randomUUID, webcrypto, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { certificateNameOf, certificateNamesOf } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { HOME } from '#contract/installation.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import { waitFor } from '#tests/harness.ts'
import { dataFolder, findHost, hostsOf, LAB_DOMAIN, type Lab, runIn, WITNESS } from './index.ts'
import { maruOn } from './test-maru.ts'
import { startVisitors } from './test-visitors.ts'

const APP = 'keyring'
/** Two rounds of the control plane, on a busy machine. */
const SOON_MS = 240_000
/** So little of a week that the key is replaced at once, and more than the day in which a host would renew it by itself. */
const DAYS_LEFT = 2

/** Every host's certificate is about to end, so every host gets another key, while people read and write at both edges. */
export function testKeysReplaced(current: () => Lab): void {
  test('every host has another key while people read and write, and nothing fails', (t) =>
    replaceKeys(t, current()))
}

async function replaceKeys(t: TestContext, lab: Lab): Promise<void> {
  const hosts = hostsOf(lab.plan)
  const [first = assert.fail('no host')] = hosts
  const edges = hosts.filter(({ site }) => site !== WITNESS).map(({ address }) => address)
  await maru(lab, 'deploy', 'examples/notes', '--app', APP)
  t.after(() => maru(lab, 'destroy', APP, '--confirm', APP))
  const before = await Promise.all(hosts.map(({ name }) => keyOf(lab, name)))
  const authority = await openAuthority(join(dataFolder(lab, first), HOME.pki))

  const stopVisits = await startVisitors(lab, APP, edges)
  const stopWriting = new AbortController()
  const writing = Promise.all(edges.map((edge) => write(lab, edge, stopWriting.signal)))
  for (const { name } of hosts) await shorten(lab, name as HostName, authority)
  const since = performance.now()
  await waitFor('every host to have another key', () => areReplaced(lab, before), SOON_MS)
  t.diagnostic(`every host has another key after ${((performance.now() - since) / 1000).toFixed(1)} s`)
  stopWriting.abort()
  const [written, seen] = [(await writing).flat(), Object.values(await stopVisits())]

  const requests = seen.map((one) => one.requests)
  t.diagnostic(`${requests.join(' and ')} requests, ${written.length} writes`)
  assert.ok(requests.length === edges.length && requests.every((one) => one > 100) && written.length > 20)
  assert.deepEqual(
    seen.flatMap(({ failures }) => failures),
    [],
  )
  assert.deepEqual(written.filter(Boolean), [])
}

const maru = (lab: Lab, ...args: string[]) => maruOn(lab, hostsOf(lab.plan)[0]?.name ?? '', ...args)

const fileOf = (lab: Lab, host: string, name: string) => join(dataFolder(lab, findHost(lab, host)), name)
const keyOf = (lab: Lab, host: string) => readFile(fileOf(lab, host, HOME.hostKey), 'utf8')

/** The old key is given up only after the control plane has asked the new one something. */
async function areReplaced(lab: Lab, before: readonly string[]): Promise<boolean> {
  const now = await Promise.all(hostsOf(lab.plan).map(({ name }) => keyOf(lab, name)))
  return now.every((key, at) => key !== before[at])
}

/** Gives a host a certificate for the key that it has, of which little is left. */
async function shorten(lab: Lab, host: HostName, authority: Authority): Promise<void> {
  const file = fileOf(lab, host, HOME.hostCertificate)
  const { publicKey } = new X509Certificate(await readFile(file))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify'])
  const certificate = await authority.sign(key, {
    commonName: certificateNameOf(host),
    dnsNames: certificateNamesOf(host),
    addresses: [findHost(lab, host).address],
    days: DAYS_LEFT,
    client: true,
  })
  await writeFile(file, certificate)
  // It reads the file when it starts.
  assert.equal((await runIn(lab, host, ['docker', 'restart', 'maru-agent'])).exitCode, 0)
}

/** Writes rows through an edge until the signal; for each, why it failed, or nothing. */
async function write(lab: Lab, edge: string, signal: AbortSignal): Promise<string[]> {
  const name = `${APP}.${LAB_DOMAIN}`
  const to = ['--resolve', `${name}:443:${edge}`, '--max-time', '5', '--insecure', `https://${name}/`]
  const ended: string[] = []
  while (!signal.aborted) {
    const argv = ['curl', '--silent', '--show-error', '--fail', '--data', `body=${randomUUID()}`, ...to]
    const { exitCode, stderr } = await runIn(lab, 'client', argv)
    ended.push(exitCode === 0 ? '' : stderr.trim() || `curl ended with ${exitCode}`)
    await pause(300, signal)
  }
  return ended
}
