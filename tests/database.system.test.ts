import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DATA_LIMITS } from '#contract/data.ts'
import { cli, deploy } from './harness.ts'
import { CONTROL_DATABASE, databaseOf, psql, superuser } from './psql.ts'

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
  for (const PGDATABASE of [theirs, 'postgres', 'template1', CONTROL_DATABASE]) {
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

test('no role opens more connections than its limit, and others have theirs meanwhile', async () => {
  const ours = await databaseOf(OURS)
  const slow = { PGCONNECT_TIMEOUT: '60' }
  const held = Array.from({ length: DATA_LIMITS.connectionsPerRole + 5 }, () =>
    psql(ours, 'SELECT pg_sleep(120)', slow, 180_000),
  )
  try {
    const { exitCode, stderr } = await Promise.race(held)
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /too many connections/)
    assert.equal((await psql(await databaseOf(THEIRS), 'SELECT 1')).stdout.trim(), '1')
  } finally {
    const role = decodeURIComponent(ours.username)
    await superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`)
    await Promise.all(held)
  }
})
