import assert from 'node:assert/strict'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Database } from '#contract/data.ts'
import { addressesOf, HOME as FOLDERS } from '#contract/installation.ts'
import { type DrillResult, OscalDocument, type TrustReport } from '#contract/trust.ts'
import { cli, cliError, cliJson, deploy, folderWith, HOME, installation, newApp } from './harness.ts'
import { databaseOf, psql } from './psql.ts'

const DRILL_MS = 300_000

/** Carries out a drill; the figures are in the test's report. */
async function carryOut(t: TestContext, name: string): Promise<DrillResult> {
  const done = await cli(['drill', 'run', name, '--json'], { timeoutMs: DRILL_MS })
  assert.ok(done.stdout, done.stderr)
  const result = JSON.parse(done.stdout) as DrillResult
  t.diagnostic(result.result)
  for (const { name: what, value, unit, limit } of result.measures)
    t.diagnostic(`${what}: ${value} ${unit} (limit ${limit})`)
  assert.equal(done.exitCode, result.passed ? 0 : 1, done.stderr)
  return result
}

const evidenceOf = async (drill: string) => {
  const { promises } = await cliJson<TrustReport>(['trust'])
  return promises.flatMap(({ evidence }) => evidence).find(({ name }) => name === drill)
}

const measured = ({ measures }: DrillResult, name: RegExp) =>
  measures.find((measure) => name.test(measure.name))?.value

test("the primary's process is killed: writes go on by themselves, none that was acknowledged is lost, and the old primary comes back", async (t) => {
  const result = await carryOut(t, 'database-primary-dies')
  assert.equal(result.passed, true)
  assert.equal(result.place, 'lab')
  assert.ok((measured(result, /without an acknowledged write/) ?? 0) > 0)
  const { passed, source } = (await evidenceOf('database-primary-dies')) ?? assert.fail('not recorded')
  assert.deepEqual({ passed, source }, { passed: true, source: 'drill' })
})

test("an app cannot reach its neighbour's data by any way that the drill knows", async (t) => {
  const result = await carryOut(t, 'neighbours-database')
  assert.equal(result.passed, true)
  assert.equal((await evidenceOf('neighbours-database'))?.passed, true)
})

test('a hole in the wall makes the drill fail and shows on the Trust page, and the closed hole makes it pass', async (t) => {
  const superuser = await asSuperuser(t)
  const close = () => superuser('REVOKE ALL ON DATABASE template1 FROM PUBLIC')
  await superuser('GRANT CONNECT ON DATABASE template1 TO PUBLIC')
  t.after(close)
  const result = await carryOut(t, 'neighbours-database')
  assert.equal(result.passed, false)
  assert.equal(measured(result, /attempts that succeeded/), 1)
  assert.match(result.result, /these succeeded: the database template1/)
  assert.equal((await evidenceOf('neighbours-database'))?.passed, false)
  await close()
  assert.equal((await carryOut(t, 'neighbours-database')).passed, true)
  assert.equal((await evidenceOf('neighbours-database'))?.passed, true)
})

test('a drill that breaks things is refused where people may depend on the platform', async (t) => {
  const marker = join(HOME, FOLDERS.lab)
  await rename(marker, `${marker}.away`)
  t.after(() => rename(`${marker}.away`, marker))
  for (const flags of [[], ['--i-understand-this-is-production']]) {
    const refused = await cliError(['drill', 'run', 'database-primary-dies', ...flags])
    assert.equal(refused.code, 'drills.only_in_lab')
    assert.equal(refused.exitCode, 3)
  }
  assert.equal((await cliError(['drill', 'run', 'neighbours-database'])).code, 'drills.production')
})

test('a drill that nobody knows is named, and the list says where each may run', async () => {
  assert.equal((await cliError(['drill', 'run', 'earthquake'])).code, 'drills.unknown')
  const drills = await cliJson<Array<{ name: string; harmless: boolean }>>(['drill', 'list'])
  assert.deepEqual(
    drills.map(({ name, harmless }) => [name, harmless]),
    [
      ['database-primary-dies', false],
      ['neighbours-database', true],
    ],
  )
})

test('the export for auditors holds the promises and their evidence', async (t) => {
  const folder = await folderWith(t, {})
  const { files } = await cliJson<{ files: string[] }>(['trust', 'export', folder])
  assert.equal(files.length, OscalDocument.options.length)
  const [components, results] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  assert.match(components ?? '', /"control-id": "DAT-2"/)
  assert.match(results ?? '', /"title": "database-primary-dies"/)
})

/** SQL on the primary itself, as whoever has root on the host could. */
async function asSuperuser(t: TestContext): Promise<(sql: string) => Promise<void>> {
  const app = newApp(t, 'hole')
  await deploy('examples/static-site', app)
  const url = await databaseOf(app)
  const { primary } = await cliJson<Database>(['db', 'info', app])
  const member = Number(primary.split('-').at(-1)) - 1
  const superuser = {
    PGHOSTADDR: addressesOf(installation).postgres[member] ?? assert.fail(primary),
    PGUSER: 'postgres',
    PGPASSWORD: (await readFile(join(HOME, FOLDERS.secrets, 'postgres-superuser'), 'utf8')).trim(),
    PGDATABASE: 'postgres',
  }
  return async (sql) => {
    const done = await psql(url, sql, superuser)
    assert.equal(done.exitCode, 0, done.stderr)
  }
}
