import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { AppStack } from '#contract/stacks.ts'
import { type Load, type LoadShape, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { run } from '#runtime/drivers/process.ts'
import { docker } from '../tools/test-installation.ts'
import { cliJson, cliOk, deploy, HOME, installation, newApp, waitFor } from './harness.ts'
import { ask, ROOT_CERTIFICATE } from './https.ts'

const UP = ['up', '--home', HOME]
/** A planned change of the leader takes 2 s on a quiet machine, a failover more than its lease of 5 s. */
const STALL_MS = 5000

/** Visitors of an app whose path `/write` writes a row; with `retry` its driver sends again what failed. */
async function visitors(t: TestContext, app: string, shape: LoadShape, path?: () => string): Promise<Load> {
  const target = {
    host: '127.0.0.1',
    port: installation.ports.https,
    name: `${app}.${installation.domain}`,
    ca: ROOT_CERTIFICATE,
  }
  const load = startHttpsLoad({ ...target, ...(path && { path }) }, shape)
  t.after(() => load.stop())
  await waitFor('the first requests', async () => load.seen().requests > 20)
  return load
}
const writing =
  (more = '') =>
  () =>
    `/write?token=${randomUUID()}${more}`

const idOf = (component: string) =>
  docker('inspect', '--format', '{{.Id}}', `${installation.name}-${component}`)

/** Brings in a change; the container of the component must be another one afterwards, and no request may have failed. */
async function replaced(t: TestContext, component: string, load: Load, bringIn: () => Promise<unknown>) {
  const [before, already] = [await idOf(component), load.seen().requests]
  await bringIn()
  assert.notEqual(await idOf(component), before, `${component} was not replaced`)
  const goal = load.seen().requests + 200
  await waitFor('more requests', async () => load.seen().requests > goal)
  const { requests, failures } = load.seen()
  t.diagnostic(`${component}: ${requests - already} requests, ${failures.length} failed`)
  assert.deepEqual(failures, [], component)
}

/** Gives an image's name to one with a label more, as a newer one would come; what is given back leads the name back. */
async function newer(image: 'edge' | 'patroni', component: string): Promise<() => Promise<unknown>> {
  const now = await docker('inspect', '--format', '{{.Image}}', `${installation.name}-${component}`)
  const tags = JSON.parse(await docker('image', 'inspect', '--format', '{{json .RepoTags}}', now)) as string[]
  const name = new RegExp(`^maru/${image}:[0-9a-f]{12}$`)
  const tag = tags.find((one) => name.test(one)) ?? assert.fail(tags.join())
  const input = `FROM ${now}\nLABEL maru.test=newer\n`
  await run(['/usr/bin/docker', 'build', '--quiet', '--tag', tag, '-'], { input })
  return () => docker('tag', now, tag)
}

/** How long the API was away, at most: from the last answer before it to the first after it. */
async function longestSilence(work: () => Promise<unknown>): Promise<number> {
  const over = new AbortController()
  let [last, longest] = [performance.now(), 0]
  const watching = (async () => {
    while (!over.signal.aborted) {
      const answer = await ask(undefined, { path: '/health', timeoutMs: 2000 }).catch(() => undefined)
      if (answer?.status === 200) {
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      }
      await delay(20)
    }
  })()
  await work().finally(() => over.abort())
  await watching
  return longest
}

test('the host agent, the stack, the control plane, the edge, the way to the database and the pair are replaced under load: no request of an app fails', async (t) => {
  const app = newApp(t, 'parts')
  await deploy('bench/rows-app', app)
  const load = await visitors(t, app, { kept: 6, fresh: 2 })
  await replaced(t, 'agent', load, () => cliOk([...UP, '--renew', 'app', '--no-stack-roll']))

  const states = async () =>
    (await cliJson<{ apps: AppStack[] }>(['stack', 'list'])).apps.map(({ state }) => state)
  assert.deepEqual(await states(), ['behind'], 'the stack under the app is not the newest any more')
  const roll = await cliOk(['stack', 'roll'])
  t.diagnostic(`stack roll: ${roll.stderr.trim().split('\n').at(-1)}`)
  assert.deepEqual(await states(), ['newest'])
  assert.match((await cliOk(['stack', 'roll'])).stdout, /^Nothing to do/)
  assert.deepEqual(load.seen().failures, [], 'stack roll')

  await replaced(t, 'control', load, async () => {
    // A certificate that is due is made anew, and the control plane with it.
    await rm(join(HOME, 'control/tls/server.crt'))
    const silenceMs = await longestSilence(() => cliOk(UP))
    t.diagnostic(`the API was away for ${(silenceMs / 1000).toFixed(1)} s`)
  })

  const restore = [await newer('edge', 'edge')]
  t.after(async () => {
    for (const leadBack of restore) await leadBack()
    await cliOk(UP)
  })
  const writers = await visitors(t, app, { kept: 2, fresh: 0 }, writing())
  const proxy = await idOf('pgproxy')
  await replaced(t, 'edge', load, () => cliOk(UP))
  assert.notEqual(await idOf('pgproxy'), proxy, 'the way to the database was not replaced')
  const wrote = await writers.stop()
  t.diagnostic(`edge and pgproxy: ${wrote.requests} rows written, ${wrote.failed} requests failed`)
  assert.deepEqual(wrote.failures, [], 'connections to the database')

  restore.push(await newer('patroni', 'postgres-1'))
  const retrying = await visitors(t, app, { kept: 2, fresh: 0 }, writing('&retry'))
  const standby = await idOf('postgres-2')
  await replaced(t, 'postgres-1', load, () => cliOk(UP))
  assert.notEqual(await idOf('postgres-2'), standby)
  const again = await retrying.stop()
  t.diagnostic(
    `pair: ${again.requests} rows written, ${again.failed} failed, longest stall ${Math.round(again.slowestMs)} ms`,
  )
  assert.deepEqual(again.failures, [], 'writes that the driver sends again')
  assert.ok(again.slowestMs < STALL_MS, `writes stood still for ${again.slowestMs} ms`)
  const { requests, failed } = await load.stop()
  t.diagnostic(`${requests} requests in all, ${failed} failed`)
  assert.ok(requests > 2000, `only ${requests} requests were made`)
})
