import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { PlatformConfig } from '#contract/agent.ts'
import { addressesOf } from '#contract/installation.ts'
import { makeSparing } from '#runtime/agent/spare-members.ts'
import { until } from '#runtime/agent/test-host.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { leaderLast } from './cluster-settings.ts'
import { convergePlatform } from './converge.ts'
import { waitUntilSpare } from './database-pair.ts'
import { leaderAt, makeTestPair, type TestPair } from './test-pair.ts'

/** A planned change of the leader takes 2 s on a quiet machine; a failover waits for its lease of 5 s. */
const STALL_MS = 5_000

let pair: TestPair

before(async () => {
  pair = await makeTestPair(218)
})
after(() => pair?.host.destroy())

/** The pair with a newer image, which a changed environment stands for. */
const newer = (round: number, ...components: string[]): PlatformConfig => ({
  ...pair.platform,
  containers: pair.platform.containers.map((spec) =>
    components.includes(spec.component) ? { ...spec, env: { ...spec.env, ROUND: String(round) } } : spec,
  ),
})
const ids = () =>
  Promise.all(
    ['postgres-1', 'postgres-2'].map(
      async (member) =>
        (await pair.host.docker.containers.inspect(`${pair.host.installation.name}-${member}`))?.id,
    ),
  )

async function replaced(t: TestContext, what: string, work: () => Promise<unknown>): Promise<void> {
  const [before, ledBefore] = [await ids(), leaderAt(await pair.members())]
  const { rows, again, longestMs } = await pair.writing(async () => {
    await work()
    await until('a whole pair', pair.isWhole, 120_000)
  })
  const after = await ids()
  t.diagnostic(
    `${what}: ${rows} rows, ${again} attempts failed, writes stood still for ${Math.round(longestMs)} ms`,
  )
  assert.ok(after.every((id, at) => id !== undefined && id !== before[at]))
  assert.notEqual(leaderAt(await pair.members()), ledBefore, 'the lead was handed over once')
  assert.ok(longestMs < STALL_MS, `writes stood still for ${Math.round(longestMs)} ms`)
}

test('`maru up` with a newer image: the standby first, then a planned change of the leader', async (t) => {
  await replaced(t, 'maru up', async () => {
    const wanted = newer(1, 'postgres-1', 'postgres-2')
    const containers = leaderLast(wanted.containers, ({ component }) => component, await pair.members())
    const beforeReplacing = (name: string) => waitUntilSpare(pair.host.docker, pair.place, name)
    await convergePlatform({ ...pair.deps(), beforeReplacing }, { ...wanted, containers })
  })
})

test('the agent, pass by pass, where nobody runs `maru up`: it leaves a member as it is until it can be spared', async (t) => {
  const { docker, installation, home, authority } = pair.host
  const log = makeLog('error', (line) => process.stderr.write(`${line}\n`))
  const pass = await authority.issue({ commonName: 'agent', dnsNames: ['agent'], days: 1, client: true })
  const issuePass = async () => ({ ca: authority.rootPem, cert: pass.certPem, key: pass.keyPem })
  const sparing = makeSparing({ installation, home, docker, log, issuePass })
  const wanted = newer(2, 'postgres-1', 'postgres-2')
  const before = await ids()
  let passes = 0
  await replaced(t, 'agent', () =>
    until('both to be replaced', async () => {
      passes += 1
      await convergePlatform(pair.deps(), wanted, { leave: await sparing(wanted) })
      return (await ids()).every((id, at) => id !== before[at])
    }),
  )
  assert.ok(passes > 1, 'both were replaced at once')
})

test('the way to the pair is replaced between two statements of one connection', async () => {
  const client = await pair.connect(addressesOf(pair.host.installation).pgproxy.apps, 'visitor')
  await client.query('BEGIN')
  await client.query('INSERT INTO entry DEFAULT VALUES')
  const steps = await convergePlatform(pair.deps(), newer(3, 'postgres-1', 'postgres-2', 'pgproxy'), {
    leave: ['postgres-1', 'postgres-2'],
  })
  assert.match(steps.join(), /hand .*-pgproxy over/)
  assert.equal((await client.query('COMMIT')).command, 'COMMIT')
  await client.end()
})
