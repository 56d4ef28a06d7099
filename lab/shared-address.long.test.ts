import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { after, before, type TestContext, test } from 'node:test'
import type { DataCentre } from '#contract/data-centres.ts'
import type { Host } from '#contract/host-view.ts'
import { CALM } from '#platform/apps/keep-places.ts'
import { cliOk, waitFor } from '#tests/harness.ts'
import {
  enterArgv,
  findHost,
  findSite,
  killHost,
  type Lab,
  openLab,
  runIn,
  sharedAddressOf,
  startHost,
} from './index.ts'
import { downLeavesNothing } from './test-leftovers.ts'
import { maruOn } from './test-maru.ts'
import { startVisitors } from './test-visitors.ts'
import type { Visited } from './visit.ts'

/** One data centre with two hosts that share an address, and visitors who know nothing else. */
const APP = 'page'
/** With it there is something to be moved. */
const APPS = [APP, 'page-2', 'page-3', 'page-4']
const FIRST = 'dc1-h1'
const SECOND = 'dc1-h2'
/** A host that dies without a word may be noticed for so long. */
const NOTICED_MS = 3_000
const SOON_MS = 120_000
/** An app that tries what no rule allows from its first moment on, and who would answer it. */
const REACHING = 'reaching'
const OPEN_PORT = 7000
/** A few moves a minute, and a machine that boots before. */
const BALANCE_MS = 300_000

let lab: Lab
let home = ''
let address = ''
let killedMs = 0

before(async () => {
  home = await mkdtemp('/var/tmp/maru-lab-test-')
  await cliOk(['lab', 'up', '--home', home, '--data-centres', '1', '--hosts-per-data-centre', '2'])
  lab = await openLab(home, process.env)
  address = sharedAddressOf(findSite(lab, 'dc1')) ?? assert.fail('the hosts of dc1 share no address')
  for (const app of APPS) await maru('deploy', 'examples/static-site', '--app', app)
})
after(() => downLeavesNothing(home))

/** A command on the first host, which keeps its power here. */
const maru = (...args: string[]) => maruOn(lab, FIRST, ...args)
const json = async <T>(...args: string[]) => JSON.parse(await maru(...args, '--json')) as T

async function holders(): Promise<readonly string[]> {
  const { dataCentres } = await json<{ dataCentres: DataCentre[] }>('data-centre')
  return dataCentres[0]?.heldBy ?? []
}
const leadsTo = (host: string) =>
  waitFor(`the address to lead to ${host}`, async () => (await holders()).join() === host, SOON_MS)

interface Placed {
  readonly host: string
  readonly state: string
}
/** The instances of each app. */
const placed = () =>
  Promise.all(APPS.map(async (app) => (await json<{ instances: Placed[] }>('ps', '--app', app)).instances))
const isOn = (hosts: readonly string[]) => (instances: readonly Placed[]) =>
  instances.length === 2 &&
  instances.every(({ state }) => state === 'healthy') &&
  instances
    .map(({ host }) => host)
    .sort()
    .join() === hosts.join()

const bothServe = (app = APP) =>
  waitFor(
    `both hosts to serve ${app}`,
    async () => {
      const { hosts } = await json<{ hosts: Host[] }>('host', 'list')
      const { instances } = await json<{ instances: { host: string; state: string }[] }>('ps', '--app', app)
      const serving = instances.filter(({ state }) => state === 'healthy').map(({ host }) => host)
      return hosts.every(({ state }) => state === 'ready') && new Set(serving).size === 2
    },
    SOON_MS,
  )

/** Visitors from outside, while something happens. */
async function visiting(): Promise<() => Promise<Visited[string]>> {
  const stop = await startVisitors(lab, APP, [address])
  return async () => (await stop())[address] ?? assert.fail('nobody visited')
}

function told(t: TestContext, what: string, seen: Visited[string]): void {
  const { requests, failed, longestGapMs, failures } = seen
  const why = failed > 0 ? ` (${[...new Set(failures)].join('; ')})` : ''
  t.diagnostic(
    `${what}: ${requests} requests, ${failed} failed${why}, longest without an answer ${longestGapMs} ms`,
  )
}

/** Whoever holds the address is emptied while visitors come. */
async function drainHolder(t: TestContext): Promise<void> {
  await bothServe()
  const [holder = ''] = await holders()
  const other = holder === FIRST ? SECOND : FIRST
  const stop = await visiting()
  await maru('host', 'drain', holder)
  await leadsTo(other)
  await maru('host', 'undrain', holder)
  await bothServe()
  const seen = await stop()
  told(t, `${holder} drained and taken back`, seen)
  assert.deepEqual(seen.failures, [])
  assert.deepEqual(await holders(), [other])
}

test('the host that holds the address is emptied and taken back: nobody notices, and it stays where it went', async (t) => {
  await waitFor('one to hold the address', async () => (await holders()).length === 1, SOON_MS)
  await drainHolder(t)
  // The first host keeps its power in what follows.
  if ((await holders())[0] === FIRST) await drainHolder(t)
  assert.deepEqual(await holders(), [SECOND])
})

test('the holder loses its power: the other answers at the same address within three seconds', async (t) => {
  const stop = await visiting()
  killedMs = performance.now()
  await killHost(lab, findHost(lab, SECOND))
  await leadsTo(FIRST)
  const seen = await stop()
  told(t, 'power lost', seen)
  assert.ok(seen.longestGapMs <= NOTICED_MS, `${seen.longestGapMs} ms`)
})

test('what the lost host had is started on the other one, and nobody notices', async (t) => {
  const stop = await visiting()
  const all = isOn([FIRST, FIRST])
  await waitFor('every app to be whole again', async () => (await placed()).every(all), SOON_MS)
  t.diagnostic(`whole ${((performance.now() - killedMs) / 1000).toFixed(1)} s after the power was lost`)
  const seen = await stop()
  told(t, 'replaced elsewhere', seen)
  assert.deepEqual(seen.failures, [])
})

/** How many instances the second host had, look by look, until each app is on both again. */
async function balanceReturns(): Promise<number[]> {
  const looks: number[] = []
  await waitFor(
    'every app to be on both hosts',
    async () => {
      const all = await placed()
      looks.push(all.flat().filter(({ host }) => host === SECOND).length)
      return all.every(isOn([FIRST, SECOND]))
    },
    BALANCE_MS,
  )
  return looks
}

test('the host comes back: it takes nothing away from who has the address, and gets its share a few at a time', async (t) => {
  const stop = await visiting()
  const since = performance.now()
  await startHost(lab, findHost(lab, SECOND))
  const looks = await balanceReturns()
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  t.diagnostic(`balance is back after ${seconds} s; instances on it: ${looks.join(' ')}`)
  await bothServe()
  const seen = await stop()
  told(t, 'power back', seen)
  assert.deepEqual(await holders(), [FIRST])
  assert.deepEqual(seen.failures, [])
  const most = Math.max(...looks.map((now, at) => now - (looks[at - 1] ?? 0)))
  assert.ok(most <= CALM.atOnce, `${most} instances came at once: ${looks.join(' ')}`)
})

/** What an instance of the app that reaches out has printed. */
interface Told {
  readonly start: number
  readonly at: number
  readonly tries: number
  readonly reached: Readonly<Record<string, number>>
}

/** All that the instances on the second host have printed, those before the loss of power among it. */
async function toldBy(app: string): Promise<Told[]> {
  const named = ['docker', 'ps', '--all', '--format', '{{.Names}}', '--filter', `name=maru-app-${app}-`]
  const names = (await runIn(lab, SECOND, named)).stdout.split('\n').filter(Boolean)
  const logs = await Promise.all(names.map((name) => runIn(lab, SECOND, ['docker', 'logs', name])))
  return logs.flatMap(({ stdout }) =>
    stdout.split('\n').flatMap((line) => (/^\{.*\}$/.test(line) ? [JSON.parse(line) as Told] : [])),
  )
}

/** Somebody on the first host whom everybody may ask, but no app. */
async function answerOnFirst(): Promise<void> {
  const answers = `require('node:http').createServer((_, answer) => answer.end('here')).listen(${OPEN_PORT})`
  const [file, ...args] = await enterArgv(lab, FIRST, [process.execPath, '-e', answers])
  spawn(file, args, { stdio: 'ignore' }).unref()
  const ask = ['curl', '--silent', '--max-time', '2', `http://${FIRST}:${OPEN_PORT}/`]
  const hears = async () => (await runIn(lab, SECOND, ask)).stdout === 'here'
  await waitFor('the first host to answer the second', hears, SOON_MS)
}

test('a host that comes back is closed before an instance runs, and none reaches anybody until its rules are there', async (t) => {
  await answerOnFirst()
  await maru('deploy', 'lab/reaching-app', '--app', REACHING)
  await maru('config', 'set', '--app', REACHING, `TARGETS=${findHost(lab, FIRST).address}:${OPEN_PORT}`)
  await maru('scale', '--app', REACHING, 'web=4')
  await bothServe(REACHING)
  await killHost(lab, findHost(lab, SECOND))
  const since = Date.now()
  await startHost(lab, findHost(lab, SECOND))
  const tables = async () => (await runIn(lab, SECOND, ['nft', 'list', 'tables'])).stdout
  await waitFor('the network to be closed', async () => /inet maru_closed_/.test(await tables()), SOON_MS)
  const closedAt = Date.now()
  // What was away for long is placed elsewhere, and what its instances have said goes with them: so it is heard meanwhile.
  const heard: Told[] = []
  const opened = async () => {
    heard.push(...(await toldBy(REACHING)))
    const now = await tables()
    return now === '' || /maru_closed_/.test(now) ? undefined : now
  }
  const open = await waitFor('the network to be opened', opened, SOON_MS)
  const openedAt = Date.now()
  for (const table of [/inet maru_inst_/, /inet maru_guard_/, /bridge maru_ports_/]) assert.match(open, table)
  await bothServe(REACHING)
  const told = [...heard, ...(await toldBy(REACHING))]
  const after = told.filter(({ start }) => start > since)
  const closed = after.filter(({ at }) => at < openedAt)
  const seconds = (at: number) => ((at - since) / 1000).toFixed(1)
  const first = Math.min(...after.map(({ start }) => start))
  t.diagnostic(
    `after the power came back: closed at ${seconds(closedAt)} s, the first instance at ${seconds(first)} s, open at ${seconds(openedAt)} s`,
  )
  t.diagnostic(
    `${Math.max(0, ...closed.map(({ tries }) => tries))} tries of one instance while it was closed`,
  )
  assert.ok(closedAt < first, 'an instance ran before the network was closed')
  assert.ok(
    closed.some(({ tries }) => tries > 0),
    'no instance has tried anything while it was closed',
  )
  const before = told.filter(({ start }) => start <= since)
  assert.ok(before.some(({ tries }) => tries > 0) && after.some(({ tries }) => tries > 0))
  assert.deepEqual(
    told.flatMap(({ reached }) => Object.keys(reached)),
    [],
  )
})
