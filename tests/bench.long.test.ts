import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BENCHMARK_NAMES } from '#bench/names.ts'
import { renderPerformance } from '#bench/render.ts'
import { BenchReport } from '#bench/report.ts'
import { docker } from '../tools/test-installation.ts'
import { cli, cliError, cliJson, folderWith, HOME, installation, ROOT, waitFor } from './harness.ts'

const NEED_LAB = ['hosts', 'between-hosts', 'pair-apart', 'host-failover']

test('a quick run measures everything, writes both documents and leaves nothing behind', async (t) => {
  const folder = await folderWith(t, {})
  const done = await cli(['bench', '--quick', '--home', HOME, '--output', folder, '--json'])
  assert.equal(done.exitCode, 0, done.stdout + done.stderr)
  const report = BenchReport.parse(JSON.parse(done.stdout))
  t.diagnostic(`${report.seconds.toFixed(1)} s`)
  assert.deepEqual(
    report.results.map(({ name }) => name),
    BENCHMARK_NAMES,
  )
  for (const { name, figures, skipped, missing = [] } of report.results) {
    // Their whole run is the shortest that there is.
    if (NEED_LAB.includes(name)) {
      assert.match(skipped ?? '', /takes minutes/)
      continue
    }
    assert.equal(skipped, null, `${name}: ${skipped}`)
    assert.deepEqual(missing, [], name)
    assert.ok(figures.length > 0, `${name} has no figures`)
    for (const { row, column, value, isDifference } of figures)
      assert.ok(isDifference || value >= 0, `${name}, ${row}, ${column}: ${value}`)
  }
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'performance.json'), 'utf8')), report)
  assert.equal(readFileSync(join(folder, 'performance.md'), 'utf8'), renderPerformance(report))
  assert.equal(await docker('ps', '--all', '--quiet', '--filter', 'name=^bench-'), '')
  assert.equal(
    await docker('ps', '--all', '--quiet', '--filter', `name=^${installation.name}-app-bench-`),
    '',
  )
})

test('a drill of a benchmark is interrupted with it and takes its app away', async () => {
  const apps = async () => (await cliJson<{ apps: Array<{ name: string }> }>(['apps'])).apps
  const child = spawn(join(ROOT, 'maru'), ['bench', 'failover', '--home', HOME], { stdio: 'ignore' })
  const ended = once(child, 'close')
  await waitFor('the drill to have its app', async () => (await apps()).length > 0, 120_000)
  child.kill('SIGINT')
  assert.deepEqual(await ended, [1, null])
  assert.deepEqual(await apps(), [])
})

test('a benchmark that does not exist is refused with the names of those that do', async () => {
  const refused = await cliError(['bench', 'speed', '--home', HOME])
  assert.equal(refused.exitCode, 2)
  assert.ok(refused.message.includes(BENCHMARK_NAMES.join(', ')), refused.message)
})
