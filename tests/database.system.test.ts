import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database } from '#contract/data.ts'
import { run } from '#runtime/drivers/process.ts'
import { docker } from '../tools/test-installation.ts'
import { cli, cliJson, deploy, installation, waitFor } from './harness.ts'
import { databaseOf, psql } from './psql.ts'

const OURS = 'data-ours'
const THEIRS = 'data-theirs'
const OWN_ROLE_ONLY = /permission denied|no pg_hba\.conf entry|must be|not permitted/

before(async () => {
  for (const app of [OURS, THEIRS]) await deploy('examples/notes', app)
})
after(async () => {
  for (const app of [OURS, THEIRS]) await cli(['destroy', app, '--confirm', app])
})

test('a role reaches its own database', async () => {
  const done = await psql(await databaseOf(OURS), 'SELECT count(*) FROM note')
  assert.equal(done.stdout.trim(), '0', done.stderr)
})

test("a role is refused by another app's database and by the platform's", async () => {
  const ours = await databaseOf(OURS)
  const theirs = (await databaseOf(THEIRS)).pathname.slice(1)
  for (const PGDATABASE of [theirs, 'postgres', 'template1', 'maru_control']) {
    const done = await psql(ours, 'SELECT 1', { PGDATABASE })
    assert.notEqual(done.exitCode, 0, `${PGDATABASE} was opened`)
    assert.match(done.stderr, OWN_ROLE_ONLY)
  }
})

test('a connection without TLS is refused', async () => {
  const done = await psql(await databaseOf(OURS), 'SELECT 1', { PGSSLMODE: 'disable' })
  assert.notEqual(done.exitCode, 0)
  assert.match(done.stderr, /no encryption|no pg_hba\.conf entry/)
})

test('a role cannot make roles, read files, run programs or read what others may not', async () => {
  const ours = await databaseOf(OURS)
  const attempts = [
    'CREATE ROLE intruder',
    'CREATE DATABASE intruder',
    "COPY note (body) FROM '/etc/passwd'",
    "COPY note (body) FROM PROGRAM 'id'",
    'SELECT rolpassword FROM pg_authid',
    "SELECT pg_read_file('/etc/passwd')",
    'SET ROLE postgres',
    'SET ROLE maru_control',
    'ALTER SYSTEM SET fsync = off',
  ]
  for (const sql of attempts) {
    const done = await psql(ours, sql)
    assert.notEqual(done.exitCode, 0, `${sql} was allowed`)
    assert.match(done.stderr, OWN_ROLE_ONLY, sql)
  }
})

test('no role opens more connections than its limit', async () => {
  const ours = await databaseOf(OURS)
  const held = await Promise.all(Array.from({ length: 25 }, () => psql(ours, 'SELECT pg_sleep(2)')))
  const refused = held.filter(({ exitCode }) => exitCode !== 0)
  assert.ok(refused.length > 0, '25 connections were opened')
  assert.match(refused[0]?.stderr ?? '', /too many connections/)
  assert.equal((await psql(await databaseOf(THEIRS), 'SELECT 1')).stdout.trim(), '1')
})

test("the primary's process is killed: writes go on by themselves and none that was acknowledged is lost", async (t) => {
  const ours = await databaseOf(OURS)
  await psql(ours, 'CREATE TABLE IF NOT EXISTS acknowledged (n int PRIMARY KEY)')
  const { primary } = await cliJson<Database>(['db', 'info', OURS])
  let running = true
  const acknowledged: Array<{ n: number; at: number }> = []
  const writer = (async () => {
    for (let n = 1; running; n++) {
      const done = await psql(ours, `INSERT INTO acknowledged VALUES (${n})`, { PGCONNECT_TIMEOUT: '2' })
      // A wait for the standby that was cut short is no acknowledgement.
      if (done.exitCode === 0 && !/WARNING/.test(done.stderr)) acknowledged.push({ n, at: performance.now() })
    }
  })()
  await waitFor('twenty writes', async () => acknowledged.length >= 20)

  await killPostmaster(`${installation.name}-${primary}`)
  const killedAt = performance.now()
  await waitFor('writes after the kill', async () => (acknowledged.at(-1)?.at ?? 0) > killedAt + 1000, 60_000)
  running = false
  await writer

  const first = acknowledged.find(({ at }) => at > killedAt)
  const seconds = ((first?.at ?? Number.POSITIVE_INFINITY) - killedAt) / 1000
  t.diagnostic(`${seconds.toFixed(2)} s until the next acknowledged write`)
  assert.ok(seconds < 10, `${seconds} s`)
  const rows = new Set((await psql(ours, 'SELECT n FROM acknowledged')).stdout.trim().split('\n').map(Number))
  assert.deepEqual(
    acknowledged.filter(({ n }) => !rows.has(n)),
    [],
  )
  await waitFor(
    'the pair to be whole again',
    async () => {
      const { standbys } = await cliJson<Database>(['db', 'info', OURS])
      return standbys.some(({ synchronous }) => synchronous)
    },
    90_000,
  )
})

/** kill -9 of the server process inside a member's container, as seen from the host. */
async function killPostmaster(container: string): Promise<void> {
  const processes = (await docker('top', container, '-eo', 'pid,args')).split('\n')
  const postmaster =
    processes.find((line) => /\/postgres -D /.test(line)) ?? assert.fail(processes.join('\n'))
  await run(['kill', '-9', postmaster.trim().split(/\s+/)[0] ?? ''])
}
