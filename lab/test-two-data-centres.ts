import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { DrillResult } from '#contract/drill-result.ts'
import type { TrustReport } from '#contract/trust.ts'
import { stackTags } from '#images/build-images.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { checkMeasures } from '#tests/drill-results.ts'
import { cli, cliError, cliJson, cliOk, HOME, ROOT, waitFor } from '#tests/harness.ts'
import { LAB_DOMAIN, type Lab, openLab, runIn } from './index.ts'
import { downLeavesNothing } from './test-leftovers.ts'
import { etcdctl, membersOfStore } from './test-store.ts'
import type { LabUpResult } from './up.ts'

/** The drills of a list together, on a busy machine: then the command is interrupted, as by Ctrl-C. */
const DRILLS_MS = 3_600_000
/** So long it may take to clean up then. */
const CLEAN_UP_MS = 300_000
/** So much of what the command said last is told where drills are missing. */
const LAST_LINES = 40
/** A busy machine's patience. */
const SOON_MS = 240_000
/** How long three hosts with a platform may take where no image has to be built: the goal is 150 s on a machine that does nothing else. */
const UP_S = 300
/** Where the members of the store are, by the last part of their address. */
const STORES = { '10': 'dc1-h1', '13': 'witness', '14': 'dc2-h1' } as const

/** The promise at which the Trust page draws what happened in a drill. */
const SHOWN_AT: Readonly<Record<string, string>> = {
  'data-centre-cut': 'REC-3',
  'host-with-etcd-leader-dies': 'REC-1',
}

/** So many servers acknowledged writes; where nothing else is said, the one before the fault and the one that took over. */
const SERVERS: Readonly<Record<string, readonly number[]>> = {
  'witness-dies': [1],
  'database-standby-dies': [1],
  // Nobody has to take over.
  'database-clock-jumps': [1, 2],
  // The one that led gives up while nobody hears it; it may be the one that leads again.
  'cut-three-ways': [1, 2],
  'parts-die-in-turn': [1, 2],
  // One that was started again is another one.
  'parts-replaced-under-load': [1, 2, 3],
  'database-two-faults': [2, 3],
}

/** Their results have no ledger: who visits there counts requests only. */
const WITHOUT_LEDGER: readonly string[] = ['host-drained-under-load', 'locked-host-swept']

let lab: Lab
let home = ''
let upS = 0
let hadImages = false
let results: readonly DrillResult[] = []

/**
 * Two data centres and a witness with a platform on them, `shape` being what else `maru lab up` is told. What they bear is put to the test by the drills that anyone can run: each
 * fault is taken once, the limits are those of the drills, and what they found has to be on the Trust page of this installation.
 * Gives the lab, which is there until the tests of the file have ended.
 */
export function testTwoDataCentres(drills: readonly string[], shape: readonly string[] = []): () => Lab {
  before(async () => {
    home = await mkdtemp('/var/tmp/maru-lab-test-')
    hadImages = await hasImages()
    upS = (await cliJson<LabUpResult>(['lab', 'up', '--home', home, '--witness', ...shape])).seconds
    lab = await openLab(home, process.env)
  })
  after(() => downLeavesNothing(home))
  test('three hosts with a platform on them are there in minutes', isUpInTime)
  test('the pair and its store are in two data centres and at the witness', allIsApart)
  test('drills that do not fit where they are asked for are refused, with where they do', refused)
  test('after each drill nothing is lost and all is whole again', { timeout: DRILLS_MS + CLEAN_UP_MS }, (t) =>
    carryOut(t, drills),
  )
  test('what they found is evidence of this installation, with its time line on the Trust page', isEvidence)
  test('nothing of the drills is left: no app, and the lab is whole', nothingIsLeft)
  return () => lab
}

const inside = (host: string, ...args: string[]) =>
  cli(['lab', 'exec', '--home', home, host, '--', './maru', ...args])

/** Whether this machine has every image of this program, so that a lab builds none. */
async function hasImages(): Promise<boolean> {
  const { images } = makeDocker('/var/run/docker.sock')
  const found = await Promise.all((await stackTags(ROOT)).map((tag) => images.find(tag)))
  return found.every((image) => image !== undefined)
}

async function isUpInTime(t: TestContext): Promise<void> {
  t.diagnostic(`up after ${upS} s, ${hadImages ? 'with images that were there' : 'images built meanwhile'}`)
  if (hadImages) assert.ok(upS <= UP_S, `${upS} s`)
}

async function allIsApart(): Promise<void> {
  const containers = async (host: string) =>
    (await runIn(lab, host, ['docker', 'ps', '--format', '{{.Names}}'])).stdout.split('\n')
  await waitFor(
    'the second member of the pair in the other data centre',
    async () => (await containers('dc2-h1')).includes('maru-postgres-2'),
    SOON_MS,
  )
  await waitFor(
    'it to be gone from the first host',
    async () => !(await containers('dc1-h1')).includes('maru-postgres-2'),
    SOON_MS,
  )
  await waitFor(
    'a store of three voices',
    async () => {
      const { all, voices } = await membersOfStore(lab, 'dc1-h1', 'etcd', '10')
      return all === 3 && voices === 3
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
  await waitFor('the witness to lead the store', async () => (await storeLead()) === 'witness', SOON_MS)
}

/** The host whose member leads the store, as all of them say themselves. */
async function storeLead(): Promise<string | undefined> {
  const asked = ['endpoint', 'status', '-w', 'json']
  const { stdout } = await etcdctl(lab, 'witness', 'etcd-2', Object.keys(STORES), asked)
  // Numbers of 64 bits, which JSON.parse would round.
  const told = [...stdout.matchAll(/\.0\.(\d+):2379.*?"member_id":(\d+).*?"leader":(\d+)/g)]
  const leaders = new Set(told.map(([, , , leader]) => leader))
  const leading = told.find(([, , id]) => leaders.size === 1 && leaders.has(id))
  return STORES[leading?.[1] as keyof typeof STORES]
}

const reachesEveryVoice = async (host: string, member: string) =>
  (await etcdctl(lab, host, member, ['10', '13', '14'], ['endpoint', 'health'])).exitCode === 0

async function refused(): Promise<void> {
  const onHost = await cliError(['drill', 'run', 'neighbours-database', '--home', home])
  assert.equal(onHost.code, 'drills.on_a_host')
  assert.equal((await cliError(['drill', 'run', 'host-dies', '--home', HOME])).code, 'drills.needs_hosts')
  const within = await inside('dc1-h1', 'drill', 'run', 'host-dies', '--home', '/var/lib/maru')
  assert.match(within.stderr, /host-dies needs the hosts and lines of a lab, .*maru lab up --witness/s)
  const member = await inside('dc1-h1', 'drill', 'run', 'database-primary-dies')
  assert.match(member.stderr, /postgres-\d is on another host.*`maru drill run database-primary-dies --home/s)
}

async function carryOut(t: TestContext, drills: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-drill-results-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const args = ['drill', 'run', ...drills, '--home', home, '--output', folder]
  const done = await cli(args, {
    interrupt: AbortSignal.timeout(DRILLS_MS),
    timeoutMs: DRILLS_MS + CLEAN_UP_MS,
  })
  results = await readResults(folder)
  // What each found is told, also where one before it found something wrong.
  const wrong: unknown[] = []
  for (const result of results) {
    try {
      checkMeasures(t, result)
      checkRecord(result)
    } catch (fault) {
      wrong.push(fault)
    }
  }
  if (wrong.length > 1) throw new AggregateError(wrong, wrong.map(String).join('\n'))
  if (wrong.length > 0) throw wrong[0]
  const last = `${done.stderr}${done.stdout}`.trim().split('\n').slice(-LAST_LINES)
  assert.deepEqual(
    results.map(({ drill }) => drill),
    drills,
    last.join('\n'),
  )
}

/** What the drills wrote into the folder, each as soon as it had ended, in this order. */
async function readResults(folder: string): Promise<readonly DrillResult[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const results = await Promise.all(
    names.map(async (name) => DrillResult.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  )
  return results.sort((one, other) => one.startedAt.localeCompare(other.startedAt))
}

/** What is handed in can be looked into: what happened when, what ran, and what was acknowledged to whom. */
function checkRecord({ drill, place, timeLine, versions, ledger }: DrillResult): void {
  assert.equal(place, 'lab')
  const marks = timeLine?.marks.map(({ label }) => label) ?? []
  assert.ok(versions?.some(({ name }) => name === 'Patroni'))
  assert.ok(marks.includes('fault'), drill)
  if (drill === 'links-captured') return
  assert.ok(marks.includes('heal'), drill)
  if (WITHOUT_LEDGER.includes(drill)) return
  const { total = 0, series = [] } = ledger ?? {}
  assert.ok(total > 100, `${drill}: ${total} acknowledged writes`)
  const servers = SERVERS[drill] ?? [2]
  assert.ok(servers.includes(series.length), `${drill}: ${series.length} servers`)
}

async function isEvidence(): Promise<void> {
  const { promises } = JSON.parse((await inside('dc1-h1', 'trust', '--json')).stdout) as TrustReport
  const evidence = promises.flatMap((one) => one.evidence)
  for (const { drill, passed } of results)
    assert.equal(evidence.find(({ name }) => name === drill)?.passed, passed, drill)
  const page = await runIn(lab, 'client', ['curl', '--silent', '--insecure', `https://${LAB_DOMAIN}/trust`])
  for (const { drill } of results) {
    const promise = SHOWN_AT[drill]
    if (promise === undefined) continue
    const article = new RegExp(`<article[^>]* id="${promise}".*?</article>`, 's').exec(page.stdout)?.[0]
    assert.match(article ?? '', new RegExp(`Time line of ${drill}`))
  }
  const { drills } = await cliJson<{ drills: Array<{ name: string; result: DrillResult | null }> }>([
    ...['drill', 'report', '--home', home],
  ])
  for (const { drill, startedAt } of results)
    assert.equal(drills.find(({ name }) => name === drill)?.result?.startedAt, startedAt)
}

async function nothingIsLeft(): Promise<void> {
  const { apps } = JSON.parse((await inside('dc1-h1', 'apps', '--json')).stdout) as { apps: unknown[] }
  assert.deepEqual(apps, [])
  await cliOk(['lab', 'status', '--home', home])
}
