import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, type TestContext, test } from 'node:test'
import type { Instance } from '#contract/apps.ts'
import type { Host } from '#contract/host-view.ts'
import { cli, cliOk, ROOT, waitFor } from '#tests/harness.ts'
import {
  enterArgv,
  findHost,
  findSite,
  hostsOf,
  killHost,
  LAB_DOMAIN,
  type Lab,
  openLab,
  runIn,
  setLine,
  startHost,
} from './index.ts'
import { type Visit, Visited } from './visit.ts'

/** Two data centres and a witness with a platform on them, and an app whose every answer is a row that was acknowledged. */
const APP = 'ledger'
const NAME = `${APP}.${LAB_DOMAIN}`
const MARU = join(ROOT, 'maru')
/** A busy machine's patience; what was measured is told. */
const SOON_MS = 240_000
/** The longest time between two acknowledged writes when the primary's host is lost or cut off. */
const NEXT_WRITE_MS = 7_000
/** Where the members of the store are, by the last part of their address. */
const STORES = { '10': 'dc1-h1', '13': 'witness', '14': 'dc2-h1' } as const

let lab: Lab
let home = ''
const addresses = { east: '', west: '' }
const acknowledged: string[] = []

before(async () => {
  home = await mkdtemp('/var/tmp/maru-lab-test-')
  await cliOk(['lab', 'up', '--home', home, '--witness'])
  lab = await openLab(home, process.env)
  const [east, west] = hostsOf(lab.plan)
  addresses.east = east?.address ?? ''
  addresses.west = west?.address ?? ''
  await maru('dc1-h1', 'deploy', 'lab/ledger-app', '--app', APP)
})
after(async () => {
  await cli(['lab', 'down', '--home', home])
  await rm(home, { recursive: true, force: true })
})

async function maru(host: string, ...args: string[]): Promise<string> {
  const done = await runIn(lab, host, [MARU, ...args], { timeoutMs: 300_000 })
  assert.equal(done.exitCode, 0, `maru ${args.join(' ')} on ${host}: ${done.stdout}${done.stderr}`)
  return done.stdout
}
const json = async <T>(host: string, ...args: string[]) =>
  JSON.parse(await maru(host, ...args, '--json')) as T

/** The members of the database pair as one of them tells. */
async function pair(from: 'dc1-h1' | 'dc2-h1'): Promise<Array<Record<'Member' | 'Role' | 'State', string>>> {
  const container = from === 'dc1-h1' ? 'maru-postgres-1' : 'maru-postgres-2'
  const asked = await runIn(lab, from, [
    'docker',
    'exec',
    container,
    'patronictl',
    'list',
    '--format',
    'json',
  ])
  return JSON.parse(asked.stdout)
}
const leaderOf = (members: Awaited<ReturnType<typeof pair>>) =>
  members.find(({ Role, State }) => Role === 'Leader' && State === 'running')?.Member
const isWhole = (members: Awaited<ReturnType<typeof pair>>) =>
  leaderOf(members) !== undefined &&
  members.some(({ Role, State }) => Role === 'Sync Standby' && State === 'streaming')

const instances = async () => (await json<{ instances: Instance[] }>('dc1-h1', 'ps', '--app', APP)).instances
const isInBoth = async () => {
  const all = await instances()
  return all.every(({ state }) => state === 'healthy') && new Set(all.map(({ host }) => host)).size === 2
}

/** All is where it belongs and well: what a fault may begin from, and must come back to. */
async function whole(t: TestContext, what: string): Promise<void> {
  const since = performance.now()
  await waitFor(`${what}: the pair`, async () => isWhole(await pair('dc2-h1')), SOON_MS)
  await waitFor(`${what}: the app in both data centres`, isInBoth, SOON_MS)
  t.diagnostic(`${what}: whole after ${seconds(performance.now() - since)}`)
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** Visitors of edges, from the network between the data centres or from inside a host, while something happens. */
async function visiting(where: string, edges: readonly string[]): Promise<() => Promise<Visited>> {
  const caFile = join(home, 'hosts/dc1-h1/disk/var/lib/maru/pki/root.crt')
  const inside = '/var/lib/maru/pki/root.crt'
  const visit: Visit = { addresses: [...edges], name: NAME, caFile: where === 'client' ? caFile : inside }
  const argv = [process.execPath, 'lab/visitors.ts', JSON.stringify(visit)]
  const [file, ...args] = await enterArgv(lab, where, argv)
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const printed = text(child.stdout)
  return async () => {
    child.stdin.end()
    await once(child, 'close')
    const seen = Visited.parse(JSON.parse(await printed))
    for (const { tokens } of Object.values(seen)) acknowledged.push(...tokens)
    return seen
  }
}

function told(t: TestContext, what: string, seen: Visited): void {
  for (const [edge, { requests, failed, longestGapMs, failures }] of Object.entries(seen))
    t.diagnostic(
      `${what}, edge ${edge}: ${requests} requests, ${failed} failed, longest time without an answer ${seconds(longestGapMs)}${failed > 0 ? ` (${[...new Set(failures)].slice(0, 3).join('; ')})` : ''}`,
    )
}

/** Every row that was acknowledged to anyone since the beginning is in the database. */
async function nothingIsLost(t: TestContext): Promise<void> {
  const asked = await waitFor('the app to tell what it has', () => ask(addresses.west, NAME, '/tokens'))
  const have = new Set(asked.split('\n'))
  const lost = acknowledged.filter((token) => !have.has(token))
  t.diagnostic(`${acknowledged.length} acknowledged rows, ${lost.length} lost`)
  assert.ok(acknowledged.length > 100)
  assert.deepEqual(lost, [])
}

test('the pair, its store and the app are in two data centres and at the witness', async (t) => {
  await whole(t, 'after the first deploy')
  const [first, second] = await pair('dc2-h1')
  assert.deepEqual([first?.Member, second?.Member], ['postgres-1', 'postgres-2'])
  const containers = async (host: string) =>
    (await runIn(lab, host, ['docker', 'ps', '--format', '{{.Names}}'])).stdout.split('\n')
  assert.ok(!(await containers('dc1-h1')).includes('maru-postgres-2'))
  assert.ok((await containers('dc2-h1')).includes('maru-postgres-2'))
  await waitFor(
    'a store of three voices',
    async () => {
      const { stdout } = await etcdctl('dc1-h1', 'etcd', ['10'], ['member', 'list', '-w', 'json'])
      const { members } = JSON.parse(stdout) as { members: Array<{ isLearner?: boolean }> }
      return members.length === 3 && members.every(({ isLearner }) => isLearner !== true)
    },
    SOON_MS,
  )
  // Each of the others reaches all of them, also without the first host.
  for (const [host, name] of [
    ['dc2-h1', 'etcd-3'],
    ['witness', 'etcd-2'],
  ] as const)
    await waitFor(`${host} to reach every voice`, () => reachesEveryVoice(host, name), SOON_MS)
  // The loss of a primary is to cost no election.
  await waitFor(
    'the witness to lead the store',
    async () => (await storeLead('witness')).host === 'witness',
    SOON_MS,
  )
})

/** Asks the members of the store at these addresses, from inside one of them. */
function etcdctl(host: string, member: string, lasts: readonly string[], command: readonly string[]) {
  const tls = `/var/lib/maru/${member}/tls`
  const options = [`--cacert=${tls}/ca.crt`, `--cert=${tls}/server.crt`, `--key=${tls}/server.key`]
  const endpoints = lasts.map((last) => `https://10.89.0.${last}:2379`).join()
  const argv = ['etcdctl', `--endpoints=${endpoints}`, ...options, ...command]
  return runIn(lab, host, ['docker', 'exec', `maru-${member}`, ...argv])
}

/** Who leads the store, and its members' numbers, as they say themselves. */
async function storeLead(from: 'dc1-h1' | 'witness') {
  const { stdout } = await etcdctl(from, from === 'witness' ? 'etcd-2' : 'etcd', Object.keys(STORES), [
    ...['endpoint', 'status', '-w', 'json'],
  ])
  // Numbers of 64 bits, which JSON.parse would round.
  const told = [...stdout.matchAll(/\.0\.(\d+):2379.*?"member_id":(\d+).*?"leader":(\d+)/g)]
  const members = told.map(([, last, id]) => ({ host: STORES[last as keyof typeof STORES], id }))
  const leaders = new Set(told.map(([, , , leader]) => leader))
  const leader = leaders.size === 1 ? members.find(({ id }) => leaders.has(id)) : undefined
  return { host: leader?.host, members }
}

/** The first host leads the store: its loss then takes the primary and the store's leader at once. */
async function firstHostLeadsTheStore(): Promise<void> {
  const { host, members } = await waitFor('the store to have one leader', async () => {
    const lead = await storeLead('dc1-h1')
    return lead.host !== undefined && lead
  })
  const id = members.find((member) => member.host === 'dc1-h1')?.id ?? assert.fail('no member there')
  if (host === 'dc1-h1') return
  const [last = ''] = Object.entries(STORES).find(([, at]) => at === host) ?? []
  const moved = await etcdctl('dc1-h1', 'etcd', [last], ['move-leader', BigInt(id).toString(16)])
  assert.equal(moved.exitCode, 0, moved.stderr)
}

/** The longest time without an answer at an edge was short enough. */
function isBackSoon(seen: Visited, edge: string): void {
  const gap = seen[edge]?.longestGapMs ?? Number.POSITIVE_INFINITY
  assert.ok(gap <= NEXT_WRITE_MS, `the next write was acknowledged ${seconds(gap)} after the last one`)
}

const reachesEveryVoice = async (host: string, member: string) =>
  (await etcdctl(host, member, ['10', '13', '14'], ['endpoint', 'health'])).exitCode === 0

test('a host is drained and taken back while visitors write: no request fails', async (t) => {
  const stop = await visiting('client', [addresses.east, addresses.west])
  await maru('dc1-h1', 'host', 'drain', 'dc2-h1')
  assert.deepEqual([...new Set((await instances()).map(({ host }) => host))], ['dc1-h1'])
  const { hosts } = await json<{ hosts: Host[] }>('dc1-h1', 'host', 'list')
  assert.equal(hosts.find(({ name }) => name === 'dc2-h1')?.state, 'draining')
  await maru('dc1-h1', 'host', 'undrain', 'dc2-h1')
  await waitFor('the app in both data centres again', isInBoth, SOON_MS)
  const seen = await stop()
  told(t, 'drained and taken back', seen)
  assert.deepEqual(
    Object.values(seen).flatMap(({ failures }) => failures),
    [],
  )
})

test('the first host loses its power, and with it the store its leader: the other data centre goes on, and nothing is lost', async (t) => {
  await whole(t, 'before the power goes')
  assert.equal(leaderOf(await pair('dc2-h1')), 'postgres-1')
  const stop = await visiting('client', [addresses.west])
  await firstHostLeadsTheStore()
  await killHost(lab, findHost(lab, 'dc1-h1'))
  await waitFor(
    'the other member to lead',
    async () => leaderOf(await pair('dc2-h1')) === 'postgres-2',
    SOON_MS,
  )
  const back = await goesOn(addresses.west)
  const seen = await stop()
  told(t, 'power lost', seen)
  const since = performance.now()
  await waitFor('the other control plane to answer', () => answersAt(addresses.west), SOON_MS)
  t.diagnostic(`the API answered after another ${seconds(performance.now() - since)}`)
  assert.ok(back)
  await nothingIsLost(t)
  isBackSoon(seen, addresses.west)
})

/** What an edge answers to a visitor, whole and with success; false where it does not. */
async function ask(edge: string, name: string, path: string): Promise<string | false> {
  const to = ['--resolve', `${name}:443:${edge}`, '--max-time', '5']
  const argv = ['curl', '--silent', '--fail', '--insecure', ...to, `https://${name}${path}`]
  const { exitCode, stdout } = await runIn(lab, 'client', argv)
  return exitCode === 0 && stdout
}

/** The platform itself answers through an edge: a control plane with its database behind it. */
const answersAt = async (edge: string) => (await ask(edge, LAB_DOMAIN, '/trust')) !== false

/** A row is written through an edge and acknowledged. */
const goesOn = (edge: string) =>
  waitFor(
    'a row to be acknowledged',
    async () => (await ask(edge, NAME, `/write?token=${Date.now()}`)) !== false,
    SOON_MS,
  )

test('the host comes back: the pair and the app are in both data centres again by themselves', async (t) => {
  await startHost(lab, findHost(lab, 'dc1-h1'))
  await whole(t, 'the host is back')
  await nothingIsLost(t)
})

test('the data centre of the primary is cut off: it acknowledges nothing that is lost, and rejoins', async (t) => {
  assert.equal(leaderOf(await pair('dc2-h1')), 'postgres-2')
  const east = await visiting('client', [addresses.east])
  // On the side that loses: what it still acknowledged has to be there afterwards.
  const west = await visiting('dc2-h1', [addresses.west])
  await setLine(lab, findSite(lab, 'dc2'), false)
  await waitFor(
    'the other member to lead',
    async () => leaderOf(await pair('dc1-h1')) === 'postgres-1',
    SOON_MS,
  )
  await goesOn(addresses.east)
  const seen = await east()
  told(t, 'cut, the side that goes on', seen)
  told(t, 'cut, the side that is alone', await west())
  await setLine(lab, findSite(lab, 'dc2'), true)
  await whole(t, 'the line is healed')
  await nothingIsLost(t)
  isBackSoon(seen, addresses.east)
})
