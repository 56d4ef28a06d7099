import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AppMetrics } from '#contract/metrics.ts'
import { docker } from '../tools/test-installation.ts'
import { cli, cliJson, cliOk, folderWith, installation, newApp, nodeApp, waitFor } from './harness.ts'
import { ask } from './https.ts'

const ANSWERS_AS_ASKED = `
import { createServer } from 'node:http'
createServer((request, response) => {
  response.statusCode = Number(request.url.slice(1)) || 200
  response.end()
}).listen(process.env.PORT)
`
const STEP_MS = 10_000
const agent = `${installation.name}-agent`

const load = (app: string) => cliJson<AppMetrics>(['metrics', app])
const total = (metrics: AppMetrics) =>
  (['requests', 'clientErrors', 'serverErrors'] as const).map((name) =>
    metrics.traffic.reduce((sum, point) => sum + point[name], 0),
  )
const newest = ({ traffic }: AppMetrics) => Date.parse(traffic.at(-1)?.at ?? '1970-01-01T00:00:00Z')

/** The figures of both come with the same steps. */
const app = newApp({ after }, 'figures')
const quiet = newApp({ after }, 'quiet')
const folder = await folderWith({ after }, nodeApp(ANSWERS_AS_ASKED))
before(async () => {
  for (const name of [app, quiet]) await cliOk(['deploy', folder, '--app', name])
})

test('requests are counted exactly; a dead agent leaves a gap, not zeros, and loses no request', async () => {
  await waitFor('the first figures', async () => (await load(app)).traffic.length > 0, 60_000)
  for (const path of ['/200', '/200', '/404', '/500']) await ask(app, { path })
  await waitFor('all are counted', async () => (await total(await load(app)))[0] === 4, 60_000)
  assert.deepEqual(total(await load(app)), [4, 1, 1])

  // A reading belongs to the step before, give or take half of one: after such a pause two are empty for certain.
  // A pause as long as several steps, by stopping the process itself: the engine does not start it again meanwhile.
  await docker('pause', agent)
  const pausedAt = Date.now()
  try {
    for (const path of ['/200', '/503']) await ask(app, { path })
    await waitFor('some steps to pass', async () => Date.now() - pausedAt > 3.5 * STEP_MS, 60_000)
  } finally {
    await docker('unpause', agent)
  }
  const resumed = await waitFor(
    'figures after the pause',
    async () => {
      const metrics = await load(app)
      return newest(metrics) > pausedAt + 2 * STEP_MS && metrics
    },
    60_000,
  )
  assert.deepEqual(total(resumed), [6, 1, 2])
  const within = resumed.traffic.filter(({ at }) => {
    const begin = Date.parse(at)
    return begin > pausedAt && begin < pausedAt + 2 * STEP_MS
  })
  assert.deepEqual(within, [])
  assert.deepEqual(
    resumed.instances.map(({ instance }) => instance),
    ['web.1', 'web.2'],
  )
})

test('a person sees bars and figures; an app that is not there is an error', async () => {
  const text = await waitFor(
    'the picture',
    async () => {
      const { stdout } = await cliOk(['metrics', quiet, '--range', '1h'])
      return stdout.includes('web.1 memory') && stdout
    },
    60_000,
  )
  assert.match(text, /requests .*▁.* 0\.0 \/s +0 in all/)
  const missing = await cli(['metrics', 'nobody-has-this'])
  assert.equal(missing.exitCode, 2)
  assert.match(missing.stderr, /nobody-has-this/)
})
