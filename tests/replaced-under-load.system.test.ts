import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { AppStack } from '#contract/stacks.ts'
import { type Load, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { run } from '#runtime/drivers/process.ts'
import { docker } from '../tools/test-installation.ts'
import {
  cliJson,
  cliOk,
  deploy,
  folderWith,
  greeter,
  HOME,
  installation,
  newApp,
  nodeApp,
  waitFor,
} from './harness.ts'
import { ask, ROOT_CERTIFICATE } from './https.ts'

const UP = ['up', '--home', HOME]

async function visited(t: TestContext): Promise<Load> {
  const app = newApp(t, 'parts')
  await deploy(await folderWith(t, nodeApp(greeter('here'))), app)
  const target = {
    host: '127.0.0.1',
    port: installation.ports.https,
    name: `${app}.${installation.domain}`,
    ca: ROOT_CERTIFICATE,
  }
  const load = startHttpsLoad(target, { kept: 6, fresh: 2 })
  t.after(() => load.stop())
  await waitFor('the first requests', async () => load.seen().requests > 100)
  return load
}

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

test('the host agent, the stack, the control plane and the edge are replaced under load: no request of an app fails', async (t) => {
  const load = await visited(t)
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

  const image = await docker('inspect', '--format', '{{.Image}}', `${installation.name}-edge`)
  const tags = JSON.parse(
    await docker('image', 'inspect', '--format', '{{json .RepoTags}}', image),
  ) as string[]
  const tag = tags.find((one) => /^maru\/edge:[0-9a-f]{12}$/.test(one)) ?? assert.fail(tags.join())
  t.after(async () => {
    await docker('tag', image, tag)
    await cliOk(UP)
  })
  await replaced(t, 'edge', load, async () => {
    const input = `FROM ${image}\nLABEL maru.test=newer\n`
    await run(['/usr/bin/docker', 'build', '--quiet', '--tag', tag, '-'], { input })
    await cliOk(UP)
  })
  const { requests, failed } = await load.stop()
  t.diagnostic(`${requests} requests in all, ${failed} failed`)
  assert.ok(requests > 2000, `only ${requests} requests were made`)
})
