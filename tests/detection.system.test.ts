import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident, IncidentAccount } from '#contract/detection.ts'
import type { HostEvent } from '#contract/guard.ts'
import type { PlatformStatus } from '#contract/platform.ts'
import type { TrustReport } from '#contract/trust.ts'
import { tableOf } from '#platform/network/compile.ts'
import { run } from '#runtime/drivers/process.ts'
import { cli, cliError, cliJson, cliOk, deploy, installation, newApp, waitFor } from './harness.ts'
import { ask } from './https.ts'

const listed = (...args: string[]) =>
  cliJson<{ incidents: Incident[]; problems: Array<{ problem: string }> }>(['network', 'incidents', ...args])
const eventsOf = async (app: string) =>
  (await cliJson<{ events: HostEvent[] }>(['network', 'events', '--limit', '1000'])).events.filter(
    ({ target_app, app: own }) => target_app === app || own === app,
  )

test('an attack on an app becomes an incident that says who, whom, what it means and what to do; use of the app does not', async (t) => {
  const app = newApp(t, 'notes')
  await deploy('examples/notes', app)
  for (const path of ['/', '/health', '/?q=union%20select%20committee', '/notes']) await ask(app, { path })
  assert.deepEqual(await eventsOf(app), [])
  const began = performance.now()
  await ask(app, { path: '/?id=1%27%20UNION%20SELECT%20name,password%20FROM%20users--' })
  const event = await waitFor('the attack to be told of', async () => (await eventsOf(app))[0])
  t.diagnostic(
    `asked for and listed by the command line ${Math.round(performance.now() - began)} ms after the request was begun`,
  )
  assert.equal(event.finding_info?.uid, '7000001')
  const incident = (await listed('--state', 'open')).incidents.find(({ apps }) => apps.includes(app))
  assert.ok(incident)
  const account = await cliJson<IncidentAccount>(['network', 'incidents', incident.id])
  assert.match(account.account, new RegExp(`attacked apps by requests.*${app}`))
  assert.ok(account.canDo.length > 0 && account.did.length > 0 && account.entries.length > 0)
  assert.match(
    (await cliOk(['network', 'incidents', incident.id])).stdout,
    /What you can do:[\s\S]*Time line/,
  )
  assert.equal((await cliError(['network', 'incidents', 'inc_nosuchone'])).code, 'detection.no_incident')
})

test('the check of the detector passes; where the detector is frozen it fails, and the status says so', async (t) => {
  const detects = async () => {
    await cli(['trust', 'verify'])
    const { promises } = await cliJson<TrustReport>(['trust'])
    const { evidence } = promises.find(({ id }) => id === 'NET-3') ?? {}
    return evidence?.find(({ name }) => name === 'network.detects')
  }
  const passed = await detects()
  t.diagnostic(JSON.stringify(passed?.facts ?? null))
  assert.equal(passed?.passed, true, passed?.summary ?? 'it was not tried')
  const name = `${installation.name}-detector`
  t.after(() => run(['docker', 'unpause', name]))
  await run(['docker', 'pause', name])
  assert.equal((await detects())?.passed, false)
  const says = ({ problem }: { problem: string }) => /detector has said nothing/.test(problem)
  await waitFor('the status to say so', async () =>
    (JSON.parse((await cli(['status', '--json'])).stdout) as PlatformStatus).problems.some(says),
  )
  assert.ok((await listed()).problems.some(says))
})

test('a rule that somebody changed by hand is put back, and operators read it in the status with its moment and what to do', async () => {
  const restored = async () => {
    const { stdout } = await cli(['status'])
    return /changed rules of the packet filter past the platform; they were put back at (\S+) UTC\. .*find out who it was/.exec(
      stdout,
    )?.[1]
  }
  const before = await restored()
  const table = tableOf(installation)
  const nft = async (...args: string[]) => await run(['nft', ...args])
  assert.equal((await nft('add', 'chain', 'inet', table, 'by_hand')).exitCode, 0)
  await waitFor(
    'the chain to be gone',
    async () => (await nft('list', 'chain', 'inet', table, 'by_hand')).exitCode !== 0,
  )
  const at = await waitFor('the status to say so', async () => {
    const now = await restored()
    return now !== before ? now : undefined
  })
  assert.match(at, /^\d\d:\d\d:\d\d$/)
})
