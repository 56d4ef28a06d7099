import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { HostView } from '#contract/host-view.ts'
import type { LocalStatus } from '#platform/hosts/local-status.ts'
import type { RunOptions } from '#runtime/drivers/process.ts'
import { cli, cliOk, ROOT, waitFor } from '#tests/harness.ts'
import { findHost, killHost, LAB_DOMAIN, type Lab, openLab, runIn } from './index.ts'

const [FIRST, SECOND] = ['dc1-h1', 'dc2-h1']
const APP = 'later'

let home = ''
let lab: Lab

before(async () => {
  home = await mkdtemp('/var/tmp/maru-lab-test-')
  await cliOk(['lab', 'up', '--home', home, '--witness'])
  lab = await openLab(home, process.env)
})
after(async () => {
  await cli(['lab', 'down', '--home', home])
  await rm(home, { recursive: true, force: true })
})

/** Runs a command in a host; anything but exit code 0 throws what it said. */
async function inHost(host: string, argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await runIn(lab, host, argv, { timeoutMs: 120_000, ...options })
  if (done.exitCode !== 0) throw new Error(`${argv.join(' ')} in ${host}: ${done.stdout}\n${done.stderr}`)
  return done.stdout
}
const maru = (host: string, args: readonly string[], options?: RunOptions) =>
  inHost(host, [join(ROOT, 'maru'), ...args], options)
const maruJson = async <T>(host: string, ...args: string[]): Promise<T> =>
  JSON.parse(await maru(host, [...args, '--json']))

/** A page as visitors get it at the edge of one host. */
async function visit(edge: string, path: string, name = LAB_DOMAIN) {
  const { address } = findHost(lab, edge)
  const to = ['--resolve', `${name}:443:${address}`, '--insecure', '--max-time', '5']
  const form = ['--silent', '--header', 'Accept: text/html', '--write-out', '\n%{http_code}']
  const text = await inHost('client', ['curl', ...to, ...form, `https://${name}${path}`])
  const at = text.lastIndexOf('\n')
  return { status: Number(text.slice(at + 1)), body: text.slice(0, at) }
}

const answers = async (edge: string) => (await visit(edge, '/health')).status === 200

/** What a host's own agent says of a part of the platform there. */
async function isWell(host: string, component: string): Promise<boolean> {
  const { components } = await maruJson<LocalStatus>(host, 'status').catch(() => ({ components: [] }))
  return components.some((one) => one.component === component && one.state === 'ok')
}

/** How many of the store's members have a voice; one that has joined has none at first. */
async function voices(): Promise<number> {
  const folder = '/var/lib/maru/etcd-3/tls'
  const pass = [
    '--cacert',
    `${folder}/ca.crt`,
    '--cert',
    `${folder}/server.crt`,
    '--key',
    `${folder}/server.key`,
  ]
  const list = ['etcdctl', '--endpoints', 'https://10.89.0.14:2379', ...pass, 'member', 'list', '-w', 'json']
  const said = await inHost(SECOND, ['docker', 'exec', 'maru-etcd-3', ...list])
  const { members } = JSON.parse(said) as { members: Array<{ isLearner?: boolean; name?: string }> }
  return members.filter(({ isLearner, name }) => isLearner !== true && name).length
}

/** Whether the second member of the pair can take the lead without losing anything. */
async function isSpare(): Promise<boolean> {
  const list = ['patronictl', 'list', '--format', 'json']
  const said = await inHost(SECOND, ['docker', 'exec', 'maru-postgres-2', ...list])
  const members = JSON.parse(said) as Array<{ Member: string; Role: string; State: string }>
  return members.some(
    ({ Member, Role, State }) =>
      Member === 'postgres-2' && (Role === 'Leader' || (Role === 'Sync Standby' && State === 'streaming')),
  )
}

const statesSeenOn = async (host: string) =>
  (await maruJson<{ hosts: HostView[] }>(host, 'host', 'list')).hosts.map(
    ({ name, state }) => `${name} ${state}`,
  )

const ALL_READY = [`${FIRST} ready`, `${SECOND} ready`, 'witness ready']

/** Signs in over the network, as a person does who has no account on any host. */
async function signIn(): Promise<void> {
  const { link } = await maruJson<{ link: string }>(FIRST, 'setup-link')
  const person = ['--email', 'eve@example.org', '--name', 'Eve', '--password-stdin']
  await maru(SECOND, ['login', link, ...person], { input: 'twelve letters and more\n' })
}

/** The name of a new app needs a certificate, which the first host signs; this one's has it from its first deploy. */
const deploy = () => maru(SECOND, ['deploy', 'examples/static-site', '--app', APP, '--remote'])

/** As a change in the name server would have it. */
async function leadNameTo(edge: string): Promise<void> {
  const hosts = await inHost(SECOND, ['cat', '/etc/hosts'])
  const input = `${hosts.replaceAll(` ${LAB_DOMAIN}`, '')}${findHost(lab, edge).address} ${LAB_DOMAIN}\n`
  await inHost(SECOND, ['tee', '/etc/hosts'], { input })
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

test('when the first host dies, the second control plane answers and goes on', async (t) => {
  await waitFor('the second control plane', async () => await isWell(SECOND, 'control-2'), 60_000)
  await waitFor('all hosts', async () => String(await statesSeenOn(SECOND)) === String(ALL_READY), 30_000)
  await waitFor('three voices', async () => (await voices()) === 3, 60_000)
  await waitFor('the pair', isSpare, 60_000)
  await signIn()
  await waitFor('its edge', () => answers(SECOND))
  await deploy()

  await killHost(lab, findHost(lab, FIRST))
  const killed = performance.now()
  await waitFor('the API at the other edge', () => answers(SECOND), 60_000)
  t.diagnostic(`the API answers ${seconds(killed)} after the kill`)
  const page = await visit(SECOND, '/')
  assert.equal(page.status, 200)
  assert.match(page.body, /<!doctype html>/i)
  await leadNameTo(SECOND)
  assert.match(await maru(SECOND, ['whoami', '--remote']), /eve@example\.org/)
  await waitFor('who is away', async () => (await statesSeenOn(SECOND)).includes(`${FIRST} silent`), 30_000)
  await deploy()
  assert.equal((await visit(SECOND, '/', `${APP}.${LAB_DOMAIN}`)).status, 200)
})
