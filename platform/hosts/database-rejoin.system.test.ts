import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { addressesOf, HOME, UID } from '#contract/installation.ts'
import { watchRejoins } from '#runtime/agent/rejoin-watch.ts'
import { newestImage, until } from '#runtime/agent/test-host.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { leaderAt, makeTestPair, type TestPair, type Written } from './test-pair.ts'

/** How long writes may stand still while a standby leaves and comes back. */
const STALL_MS = 5_000
/** Patroni notices at once that a rewind has failed, and copies; the agent gives a member a minute first. */
const BY_PATRONI_MS = 60_000
const BY_AGENT_MS = 150_000
const PROGRAMS = '/usr/lib/postgresql/17/bin'

let pair: TestPair
let image = ''
const stopping = new AbortController()
/** What the agent has said. */
const said: string[] = []

/** The pair, and of the agent what looks after members that do not come back. */
before(async () => {
  pair = await makeTestPair(229)
  const { docker, installation, home, authority } = pair.host
  image = await newestImage(docker, 'database')
  const pass = await authority.issue({ commonName: 'agent', dnsNames: ['agent'], days: 1, client: true })
  const issuePass = async () => ({ ca: authority.rootPem, cert: pass.certPem, key: pass.keyPem })
  const log = makeLog('warn', (line) => said.push(line))
  watchRejoins({ installation, home, docker, log, issuePass, keepsMember: () => true }, stopping.signal)
})
after(async () => {
  stopping.abort()
  await pair?.host.destroy()
})

const folderOf = (at: number) => join(pair.host.home, HOME.postgres(at + 1), 'data', 'pgdata')
const containerOf = (at: number) => `${pair.host.installation.name}-postgres-${at + 1}`
const ask = async (at: number, ...statements: string[]) => {
  const client = await pair.connect(addressesOf(pair.host.installation).postgres[at] ?? '', 'postgres')
  try {
    let rows: Array<Record<string, unknown>> = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}
const countAt = async (at: number) => Number((await ask(at, 'SELECT count(*) FROM entry'))[0]?.count)
const renewed = () => said.filter((line) => line.includes('agent.member_renewed'))

/** Starts a member whose data is broken, under an app that writes, and waits until the pair is whole. */
async function startBroken(at: number, withinMs: number): Promise<Written & { readonly tookS: number }> {
  let tookS = 0
  const written = await pair.writing(async () => {
    const since = performance.now()
    await pair.host.docker.containers.start(containerOf(at))
    await until('the pair to be whole', pair.isWhole, withinMs)
    tookS = (performance.now() - since) / 1000
  })
  return { ...written, tookS }
}

/** The primary served all the while, and the member has every row. */
async function checkWhole(
  t: TestContext,
  at: number,
  had: number,
  { rows, again, longestMs, tookS }: Awaited<ReturnType<typeof startBroken>>,
): Promise<void> {
  t.diagnostic(
    `whole again after ${tookS.toFixed(1)} s; ${rows} rows meanwhile, ${again} attempts failed, writes stood still for ${Math.round(longestMs)} ms`,
  )
  assert.ok(longestMs < STALL_MS, `writes stood still for ${Math.round(longestMs)} ms`)
  assert.equal(again, 0, 'the primary served all the while')
  const all = await countAt(1 - at)
  assert.ok(all >= had + rows, `${all} rows of ${had + rows}`)
  await until('the copy to have every row', async () => (await countAt(at)) === all)
}

test('a standby whose data cannot be read is made anew by the agent, which says so', async (t) => {
  const standby = 1 - leaderAt(await pair.members())
  const had = await countAt(1 - standby)
  await pair.host.docker.containers.stop(containerOf(standby), 10)
  await rm(join(folderOf(standby), 'global/pg_control'))
  await until('the primary to be alone', async () =>
    (await pair.members()).every(({ state }) => state !== 'streaming'),
  )
  const seen = await startBroken(standby, BY_AGENT_MS)
  await checkWhole(t, standby, had, seen)
  assert.equal(renewed().length, 1)
  assert.match(
    renewed()[0] ?? '',
    new RegExp(
      `postgres-${standby + 1} does not come back by itself: its data is copied anew from the primary`,
    ),
  )
})

/** Runs a program of PostgreSQL on a member's data, which nobody else has open. */
async function alone(at: number, program: string, ...args: string[]): Promise<string> {
  const folder = folderOf(at)
  const how = ['--rm', '-i', '--network', 'none', '--user', `${UID.database}`, '-v', `${folder}:${folder}`]
  const argv = ['docker', 'run', ...how, '--entrypoint', join(PROGRAMS, program), image, ...args] as const
  const { exitCode, stdout, stderr } = await run(argv, { timeoutMs: 60_000 })
  assert.equal(exitCode, 0, stderr)
  return stdout
}

/** Takes the WAL away that tells what this member and the new primary have in common. */
async function forgetPast(at: number): Promise<string[]> {
  const told = await alone(at, 'pg_controldata', folderOf(at))
  const last = /REDO WAL file:\s+([0-9A-F]{24})/.exec(told)?.[1] ?? assert.fail(told)
  const folder = join(folderOf(at), 'pg_wal')
  const past = (await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name) && name < last)
  for (const name of past) await rm(join(folder, name))
  return past
}

test('a former primary that has gone its own way and cannot be rewound is made anew by Patroni', async (t) => {
  const old = leaderAt(await pair.members())
  const apart = ['SELECT pg_switch_wal()', 'INSERT INTO entry DEFAULT VALUES']
  await ask(old, 'CHECKPOINT', ...apart, ...apart)
  const had = await countAt(old)
  await pair.host.docker.containers.stop(containerOf(old), 0)
  await until('the other one to lead', async () => leaderAt(await pair.members()) === 1 - old)
  // Recovered by itself, it has a checkpoint more than the new primary knows of.
  await alone(old, 'postgres', '--single', '-D', folderOf(old), 'postgres')
  assert.ok((await forgetPast(old)).length > 0)
  const before = renewed().length
  const seen = await startBroken(old, BY_PATRONI_MS)
  await checkWhole(t, old, had, seen)
  const log = await Array.fromAsync(
    pair.host.docker.containers.logs(containerOf(old), { follow: false, tail: 10_000 }),
  )
  const told = log.map(({ line }) => line).filter((line) => line.includes('rewind'))
  assert.ok(
    told.some((line) => line.includes('remove_data_directory_on_rewind_failure is set')),
    told.join('\n'),
  )
  assert.equal(renewed().length, before, 'nobody had to help')
})
