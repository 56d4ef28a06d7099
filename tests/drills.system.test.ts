import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { HOME as FOLDERS } from '#contract/installation.ts'
import { DrillResult, OscalDocument, type TrustReport } from '#contract/trust.ts'
import { checkMeasures, tellMeasures } from './drill-results.ts'
import { cli, cliError, cliJson, folderWith, HOME } from './harness.ts'
import { superuser } from './psql.ts'

const DRILL_MS = 300_000
const ALL_MS = 1_200_000
/** The others take minutes; one more runs in failover.system.test.ts. */
const SEVERAL = ['database-primary-dies', 'neighbours-database', 'sniffer-in-instance']

/** Carries out a drill; the figures are in the test's report. */
async function carryOut(t: TestContext, name: string, ...flags: string[]): Promise<DrillResult> {
  const done = await cli(['drill', 'run', name, ...flags, '--json'], { timeoutMs: DRILL_MS })
  assert.ok(done.stdout, done.stderr)
  const result = JSON.parse(done.stdout) as DrillResult
  tellMeasures(t, result)
  assert.equal(done.exitCode, result.passed ? 0 : 1, done.stderr)
  return result
}

const evidenceOf = async (drill: string) => {
  const { promises } = await cliJson<TrustReport>(['trust'])
  return promises.flatMap(({ evidence }) => evidence).find(({ name }) => name === drill)
}

const promise = async (id: string) =>
  (await cliJson<TrustReport>(['trust'])).promises.find((one) => one.id === id) ?? assert.fail(id)

const measured = ({ measures }: DrillResult, name: RegExp) =>
  measures.find((measure) => name.test(measure.name))?.value

/** What a run of several drills says of each, by its name. */
type Endings = Record<string, DrillResult | null>

async function carryOutSeveral(
  t: TestContext,
  folder: string,
): Promise<{ endings: Endings; exitCode: number | null }> {
  const done = await cli(['drill', 'run', ...SEVERAL, '--output', folder, '--json'], { timeoutMs: ALL_MS })
  assert.ok(done.stdout, done.stderr)
  const { endings } = JSON.parse(done.stdout) as {
    endings: Array<{ drill: string; result: DrillResult | null; error: { message: string } | null }>
  }
  for (const { drill, error } of endings) if (error) t.diagnostic(`${drill}: ${error.message}`)
  return {
    endings: Object.fromEntries(endings.map(({ drill, result }) => [drill, result])),
    exitCode: done.exitCode,
  }
}

/** Makes the installation one on which people may depend; gives what makes it a lab again. */
async function leaveLab(t: TestContext): Promise<() => Promise<void>> {
  const marker = join(HOME, FOLDERS.lab)
  const away = `${marker}.away`
  const back = async () => {
    if (existsSync(away)) await rename(away, marker)
  }
  await rename(marker, away)
  t.after(back)
  return back
}

/** A hole in the wall between tenants, and how to close it. */
async function openHole(t: TestContext): Promise<() => Promise<void>> {
  const close = () => superuser('REVOKE ALL ON DATABASE template1 FROM PUBLIC')
  await superuser('GRANT CONNECT ON DATABASE template1 TO PUBLIC')
  t.after(close)
  return close
}

test('several drills run, also when one fails: a dead primary costs seconds and no write, a hole in the wall is found and told', async (t) => {
  const close = await openHole(t)
  const folder = await folderWith(t, {})
  const { endings, exitCode } = await carryOutSeveral(t, folder)
  assert.equal(exitCode, 1)
  checkFailover(t, endings['database-primary-dies'] ?? assert.fail('not carried out'))
  const hole = endings['neighbours-database'] ?? assert.fail('not carried out')
  assert.equal(hole.passed, false)
  assert.equal(measured(hole, /attempts that succeeded/), 1)
  assert.match(hole.result, /these succeeded: the database template1/)
  checkMeasures(t, endings['sniffer-in-instance'] ?? assert.fail('not carried out'))
  await checkWritten(folder, Object.keys(endings))
  await checkReported(hole)

  // The promise falls with the drill, and stands again with the next one.
  assert.equal((await evidenceOf('neighbours-database'))?.passed, false)
  assert.match((await promise('DAT-2')).reason ?? '', /neighbours-database failed/)
  assert.equal((await promise('DAT-2')).state, 'not-yet')
  await close()
  // It disturbs nobody, so it runs where people depend on the platform, too, when somebody says so.
  const backToLab = await leaveLab(t)
  const { passed, place } = await carryOut(t, 'neighbours-database', '--i-understand-this-is-production')
  assert.deepEqual([passed, place], [true, 'production'])
  await backToLab()
  assert.equal((await evidenceOf('neighbours-database'))?.passed, true)
  assert.doesNotMatch((await promise('DAT-2')).reason ?? '', /neighbours-database failed/)
})

/** Writes went on by themselves, none that was acknowledged is lost, and the old primary came back. */
function checkFailover(t: TestContext, result: DrillResult): void {
  checkMeasures(t, result)
  assert.equal(result.place, 'lab')
  assert.ok((measured(result, /without an acknowledged write/) ?? 0) > 0)
  const marks = result.timeLine?.marks ?? []
  // The proxy may be told before the member that leads has written that it does.
  assert.deepEqual(marks.map(({ label }) => label).sort(), [
    'decision',
    'detection',
    'fault',
    'first success',
    'heal',
    'proxy switched',
  ])
  assert.equal(marks[0]?.label, 'fault')
  for (const { label, source } of marks)
    if (/^de/.test(label)) assert.match(source ?? '', /^log of Patroni on postgres-\d$/, label)
  const versions = result.versions?.map(({ name }) => name)
  assert.deepEqual(versions, ['Maru', 'Docker Engine', 'PostgreSQL', 'Patroni', 'etcd', 'HAProxy', 'Linux'])
  const { total = 0, series = [], lost } = result.ledger ?? {}
  assert.ok(total > 100 && series.length === 2, `${total} writes of ${series.length} servers`)
  assert.deepEqual(lost, [])
}

async function checkWritten(folder: string, drills: readonly string[]): Promise<void> {
  const files = await readdir(folder)
  for (const drill of drills) {
    const picture =
      files.find((file) => file.startsWith(drill) && file.endsWith('.svg')) ?? assert.fail(drill)
    assert.match(await readFile(join(folder, picture), 'utf8'), /^<svg /)
    DrillResult.parse(JSON.parse(await readFile(join(folder, picture.replace(/svg$/, 'json')), 'utf8')))
  }
}

async function checkReported(hole: DrillResult): Promise<void> {
  const { stdout } = await cli(['drill', 'report'])
  assert.match(stdout, /database-primary-dies \(BAK-2, REC-2\): (not )?passed (just now|\d+ (s|min) ago)/)
  assert.match(stdout, /neighbours-database \(DAT-2\): not passed/)
  assert.match(stdout, /\nfirst success +\d+\.\d\d s {2}─*●\n/)
  assert.match(stdout, /attempts that succeeded +1 attempts +0 attempts +over/)
  const [one] = (await cliJson<{ drills: Array<{ result: DrillResult }> }>(['drill', 'report', hole.drill]))
    .drills
  assert.equal(one?.result.startedAt, hole.startedAt)
  assert.equal((await cliError(['drill', 'report', 'earthquake'])).code, 'drills.unknown')
}

test('a drill that breaks things is refused where people may depend on the platform', async (t) => {
  await leaveLab(t)
  for (const flags of [[], ['--i-understand-this-is-production']]) {
    const refused = await cliError(['drill', 'run', 'database-primary-dies', ...flags])
    assert.equal(refused.code, 'drills.only_in_lab')
    assert.equal(refused.exitCode, 3)
  }
  assert.equal((await cliError(['drill', 'run', 'neighbours-database'])).code, 'drills.production')
  assert.equal((await cliError(['drill', 'run', '--all'])).code, 'drills.none_here')
})

test('a drill that nobody knows is named, and the list says where each may run', async () => {
  assert.equal((await cliError(['drill', 'run', 'earthquake'])).code, 'drills.unknown')
  assert.equal((await cliError(['drill', 'run'])).code, 'invalid')
  const drills = await cliJson<Array<{ name: string; harmless: boolean }>>(['drill', 'list'])
  // Every story in the folder can be carried out, and only this one where people depend on the platform.
  const stories = (await readdir('drills')).flatMap((file) => /^(.*)\.drill\.ts$/.exec(file)?.[1] ?? [])
  assert.deepEqual(drills.map(({ name }) => name).sort(), stories.sort())
  const harmless = drills.filter((drill) => drill.harmless).map(({ name }) => name)
  assert.deepEqual(harmless, ['neighbours-database'])
})

test('the export for auditors holds the promises and their evidence', async (t) => {
  const folder = await folderWith(t, {})
  const { files } = await cliJson<{ files: string[] }>(['trust', 'export', folder])
  assert.equal(files.length, OscalDocument.options.length)
  const [components, results] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  assert.match(components ?? '', /"control-id": "DAT-2"/)
  assert.match(results ?? '', /"title": "database-primary-dies"/)
  assert.match(results ?? '', /Time line: fault 0 s, detection \d/)
})
