import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Instance } from '#contract/apps.ts'
import type { HostView } from '#contract/host-view.ts'
import type { Invitation } from '#contract/hosts.ts'
import { HOME } from '#contract/installation.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { pause } from '#runtime/kit/pause.ts'
import { waitFor } from '#tests/harness.ts'
import { findHost, giveImages, killHost, LAB_DOMAIN, type Lab, runIn, startHost } from './index.ts'
import { MARU, maruOn } from './test-maru.ts'
import { membersOfStore } from './test-store.ts'

const APP = 'notes'
/** A busy machine's patience; what was measured is told. */
const SOON_MS = 240_000
/** The app shows its last hundred rows. */
const ROWS = 95
const [OLD, OTHER, NEW] = ['dc1-h1', 'dc2-h1', 'dc1-new'] as const

let lab: Lab
let west = ''
let writing: Promise<string[]>
const stopWriting = new AbortController()

/**
 * The machine that the installation began on burns down while people write. It is removed, a new machine joins in its place, and
 * all is there twice again; nothing that was acknowledged is lost. The lab is another one afterwards.
 */
export function testFirstHostReplaced(current: () => Lab): void {
  test('all is there twice, and the first host has its part of it', async (t) => {
    lab = current()
    west = findHost(lab, OTHER).address
    await maru(OLD, 'deploy', 'examples/notes', '--app', APP)
    await allIsTwice(t)
    writing = write()
  })
  test('the first host is lost for good and removed; the others go on', loseFirst)
  test('it comes back all the same, hears that it was removed, and ends all but its agent', comesBack)
  test('a new machine joins by way of the other one, and all is there twice again', joinAnew)
  test('nothing that was acknowledged is lost, and the new host deploys', nothingLost)
}

const maru = (host: string, ...args: string[]) => maruOn(lab, host, ...args)
const json = async <T>(host: string, ...args: string[]) =>
  JSON.parse(await maru(host, ...args, '--json')) as T

/** The members of the pair as the one on a host tells; empty while it does not. */
async function pair(
  host: string,
  member: string,
): Promise<Array<Record<'Member' | 'Role' | 'State', string>>> {
  const argv = ['docker', 'exec', `maru-${member}`, 'patronictl', 'list', '--format', 'json']
  const { exitCode, stdout } = await runIn(lab, host, argv)
  return exitCode === 0 ? JSON.parse(stdout) : []
}
const isWhole = (members: Awaited<ReturnType<typeof pair>>) =>
  members.some(({ Role, State }) => Role === 'Leader' && State === 'running') &&
  members.some(({ Role, State }) => Role === 'Sync Standby' && State === 'streaming')

/** What of the platform runs on a host. */
async function parts(host: string): Promise<string[]> {
  const { stdout } = await runIn(lab, host, ['docker', 'ps', '--format', '{{.Names}}'])
  return stdout
    .split('\n')
    .map((name) => name.replace('maru-', ''))
    .filter((name) => /^(etcd|postgres|control)/.test(name))
    .sort()
}

/** How many members of the store have a voice. */
const voices = async () => (await membersOfStore(lab, OTHER, 'etcd-3', '14')).voices

/** What an edge answers to a visitor; undefined where it does not, or not well. */
async function ask(app: string, path: string, ...more: string[]): Promise<string | undefined> {
  const name = `${app}.${LAB_DOMAIN}`
  const argv = ['curl', '--silent', '--fail', '--insecure', '--resolve', `${name}:443:${west}`]
  const { exitCode, stdout } = await runIn(lab, 'client', [
    ...argv,
    ...['--max-time', '5', ...more, `https://${name}${path}`],
  ])
  return exitCode === 0 ? stdout : undefined
}

/** Writes rows through the edge that stays until it is stopped; gives those that were acknowledged. */
async function write(): Promise<string[]> {
  const acknowledged: string[] = []
  while (!stopWriting.signal.aborted && acknowledged.length < ROWS) {
    const row = randomUUID()
    if ((await ask(APP, '/', '--data', `body=${row}`)) !== undefined) acknowledged.push(row)
    await pause(500, stopWriting.signal)
  }
  return acknowledged
}

const isInBoth = async (host: string) => {
  const { instances } = await json<{ instances: Instance[] }>(host, 'ps', '--app', APP)
  const healthy = instances.every(({ state }) => state === 'healthy')
  return healthy && new Set(instances.map((one) => one.host)).size === 2
}

async function within(t: TestContext, what: string, check: () => Promise<boolean>): Promise<void> {
  const since = performance.now()
  await waitFor(what, async () => await check().catch(() => false), SOON_MS)
  t.diagnostic(`${what}: after ${((performance.now() - since) / 1000).toFixed(1)} s`)
}

async function allIsTwice(t: TestContext): Promise<void> {
  await within(
    t,
    'the other host with its parts',
    async () => (await parts(OTHER)).join() === 'control-2,etcd-3,postgres-2',
  )
  await within(t, 'a synchronous pair', async () => isWhole(await pair(OTHER, 'postgres-2')))
  await within(t, 'three voices', async () => (await voices()) === 3)
  await within(t, 'the app in both data centres', () => isInBoth(OLD))
  assert.deepEqual(await parts(OLD), ['control', 'etcd', 'postgres-1'])
}

async function loseFirst(t: TestContext): Promise<void> {
  await killHost(lab, findHost(lab, OLD))
  // Until the other control plane has its database, the command is refused, and typed again.
  await within(t, 'the removal', async () => {
    const done = await runIn(lab, OTHER, [MARU, 'host', 'remove', OLD, '--lost'], { timeoutMs: 60_000 })
    if (done.exitCode !== 0) t.diagnostic(done.stderr.trim().split('\n')[0] ?? '')
    return done.exitCode === 0
  })
  const { hosts } = await json<{ hosts: HostView[] }>(OTHER, 'host', 'list')
  assert.deepEqual(hosts.map(({ name, first }) => [name, first]).sort(), [
    [OTHER, false],
    ['witness', false],
  ])
}

/** With the disk that it had, and with it the pair's former primary and the authority's key; then its disk is gone, too. */
async function comesBack(t: TestContext): Promise<void> {
  const machine = findHost(lab, OLD)
  await startHost(lab, machine)
  const told = async (...argv: string[]) => (await runIn(lab, OLD, argv)).exitCode === 0
  const data = `${DEFAULT_HOME}/${HOME.postgres(1)}/data/pgdata`
  const everything = ['docker', 'ps', '--all', '--format', '{{.Names}}']
  await within(t, 'only its agent, which knows', async () => {
    const knows = await told('test', '-e', `${DEFAULT_HOME}/${HOME.removed}`)
    return knows && (await runIn(lab, OLD, everything)).stdout.trim() === 'maru-agent'
  })
  assert.ok(await told('test', '-s', `${data}/PG_VERSION`), 'its data is kept')
  const up = await runIn(lab, OLD, [MARU, 'up'])
  assert.deepEqual([up.exitCode, /was removed from its installation/.test(up.stderr)], [3, true], up.stderr)
  await killHost(lab, machine)
  await rm(join(lab.home, 'hosts', OLD), { recursive: true })
}

async function joinAnew(t: TestContext): Promise<void> {
  const machine = findHost(lab, OLD)
  await startHost(lab, machine)
  await giveImages(lab, machine)
  const since = performance.now()
  const { link } = await json<Invitation>(OTHER, 'host', 'add', NEW, '--data-centre', 'dc1')
  assert.ok(link.endsWith(`@${west}`), link)
  await maru(OLD, 'host', 'join', link, '--address', machine.address)
  t.diagnostic(`it has joined after ${((performance.now() - since) / 1000).toFixed(1)} s`)
  const second = await json<Invitation>(OTHER, 'host', 'add', 'dc1-again', '--data-centre', 'dc1')
  const twice = await runIn(lab, OLD, [MARU, 'host', 'join', second.link])
  assert.deepEqual(
    [twice.exitCode, /already belongs to the inst/.test(twice.stderr)],
    [3, true],
    twice.stderr,
  )
  await within(t, 'its parts of the platform', async () => {
    const own = await parts(OLD)
    return own.includes('control') && own.includes('etcd') && own.some((name) => name.startsWith('postgres'))
  })
  assert.equal((await parts(OLD)).length, 3)
  await within(t, 'a synchronous pair', async () =>
    isWhole([...(await pair(OTHER, 'postgres-2')), ...(await pair(OTHER, 'postgres-1'))]),
  )
  await within(t, 'three voices', async () => (await voices()) === 3)
  await within(t, 'the app in both data centres', () => isInBoth(OTHER))
}

async function nothingLost(t: TestContext): Promise<void> {
  stopWriting.abort()
  const acknowledged = await writing
  const notes = await waitFor('the app to tell what it has', () => ask(APP, '/notes.json'), SOON_MS)
  const have = new Set((JSON.parse(notes) as Array<{ body: string }>).map(({ body }) => body))
  t.diagnostic(`${acknowledged.length} acknowledged rows`)
  assert.ok(acknowledged.length > 10)
  assert.deepEqual(
    acknowledged.filter((row) => !have.has(row)),
    [],
  )
  await maru(OLD, 'deploy', 'examples/static-site', '--app', 'site')
  await within(t, 'the new app at the other edge', async () => (await ask('site', '/')) !== undefined)
}
