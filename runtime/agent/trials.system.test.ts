import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { type NetworkPolicy, NO_POLICY, trialsIn } from '#contract/network.ts'
import { tableOf } from '#platform/network/compile.ts'
import { HOST_OUTSIDE, makeHostNet, makeTestNet, type TestMachine } from '#platform/network/test-net.ts'
import { ruleOf } from '#platform/network/test-policy.ts'
import { readMachineClock } from '#runtime/drivers/machine-clock.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { makeTestAgent } from './test-agent.ts'
import { until } from './test-host.ts'
import { type NetworkPart, startNetworkPart } from './test-network-part.ts'
import { openTrials } from './trials.ts'

/** No control plane is there in any of these. What an operator does is what his control plane has handed over last. */
const TRIAL_MS = 10_000
const HOUR_MS = 3_600_000
const OPERATOR = '198.51.100.9'
const DOOR = ruleOf('rule-door', '198.51.100.0/24', 'host', ['22'])

const net = makeTestNet()
const folders: string[] = []
const running: Pick<NetworkPart, 'stop'>[] = []
after(async () => {
  for (const part of running) part.stop()
  await net.close()
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})
const folder = async () => {
  const made = await mkdtemp(join(tmpdir(), 'maru-trials-'))
  folders.push(made)
  return made
}

interface Place {
  readonly host: TestMachine
  readonly operator: TestMachine
  readonly home: string
}

/** A host of its own, and a machine before it from which an operator reaches its ssh. */
async function makePlace(): Promise<Place> {
  const { host, placeOutside } = await makeHostNet(net, {})
  const operator = await placeOutside(OPERATOR)
  await host.listen(22)
  return { host, operator, home: await folder() }
}

async function startAgentOn({ host, home }: Place): Promise<NetworkPart> {
  const part = await startNetworkPart(host, home)
  running.push(part)
  return part
}

/** Hands over a policy whose trials end after a while by the agent's own clock; its words of the time of day are wrong by so much. */
async function handOver(
  { workloads, pass }: NetworkPart,
  policy: NetworkPolicy,
  generation: number,
): Promise<void> {
  const trials = Object.fromEntries(trialsIn(policy).map(({ name }) => [name, TRIAL_MS]))
  await workloads.put(WorkloadConfig.parse({ generation, network: policy, trials, apps: [] }))
  await pass()
}
const lockDownOf = (wrongByMs: number): NetworkPolicy => {
  const since = new Date(Date.now() + wrongByMs)
  const end = new Date(since.getTime() + TRIAL_MS)
  return {
    ...NO_POLICY,
    lockDown: { since: since.toISOString(), by: 'ada', until: end.toISOString() },
  }
}

const reaches = async ({ operator }: Place) => (await operator.connect(HOST_OUTSIDE, 22)).end
const opensAgain = (place: Place) =>
  until('the operator is let in again', async () => (await reaches(place)) === 'open', 30_000)
const seconds = (begun: number) => (performance.now() - begun) / 1000

let near: Place
let far: Place
before(async () => {
  near = await makePlace()
  far = await makePlace()
})

test('an operator who cut himself off is let in again on every host, with nobody there to say so and clocks that are wrong', async () => {
  const hosts = [
    { place: near, wrongByMs: -HOUR_MS },
    { place: far, wrongByMs: HOUR_MS },
  ]
  await Promise.all(
    hosts.map(async ({ place, wrongByMs }) => {
      const part = await startAgentOn(place)
      assert.equal(await reaches(place), 'open')
      const policy = lockDownOf(wrongByMs)
      const begun = performance.now()
      await handOver(part, policy, 1)
      assert.equal(await reaches(place), 'silent')
      await opensAgain(place)
      const took = seconds(begun)
      assert.ok(took >= TRIAL_MS / 1000 && took < TRIAL_MS / 1000 + 5, `it took ${took} s`)
      // The control plane is back, and says what it had said; then a pass, as always.
      await handOver(part, policy, 1)
      assert.equal(await reaches(place), 'open', 'it is not tried again')
      part.stop()
    }),
  )
})

test('an agent that is started again in a trial goes on with it, and ends it as if nothing had been', async () => {
  const first = await startAgentOn(near)
  const begun = performance.now()
  await handOver(first, lockDownOf(0), 2)
  first.stop()
  assert.equal(await reaches(near), 'silent', 'without an agent it stays as it is')
  const second = await startAgentOn(near)
  assert.equal(await reaches(near), 'silent')
  await opensAgain(near)
  const took = seconds(begun)
  assert.ok(took >= TRIAL_MS / 1000 && took < TRIAL_MS / 1000 + 5, `it took ${took} s`)
  second.stop()
})

test('one that starts after the end opens with its first pass', async () => {
  const first = await startAgentOn(near)
  await handOver(first, lockDownOf(0), 3)
  first.stop()
  const trials = await openTrials(join(near.home, 'trials.json'), await readMachineClock())
  await until('the trial is over', async () => trials.nextEndMs() === Number.POSITIVE_INFINITY, 30_000)
  assert.equal(await reaches(near), 'silent')
  const second = await startAgentOn(near)
  assert.equal(await reaches(near), 'open')
  second.stop()
})

test('a rule that was taken back on trial stands again; what was kept is kept', async () => {
  const part = await startAgentOn(near)
  const lockDown = { since: new Date().toISOString(), by: 'ada', until: null }
  await handOver(part, { rules: [DOOR], lockDown }, 4)
  assert.equal(await reaches(near), 'open')
  const pausedUntil = new Date(Date.now() + HOUR_MS).toISOString()
  await handOver(part, { rules: [{ ...DOOR, pausedUntil }], lockDown }, 5)
  assert.equal(await reaches(near), 'silent')
  await opensAgain(near)
  await handOver(part, { rules: [], lockDown }, 6)
  assert.equal(await reaches(near), 'silent')
  await handOver(part, NO_POLICY, 7)
  part.stop()
})

test('a whole agent does so, too: it is ended in the trial, started again, and nobody hands it anything', async () => {
  const agent = await makeTestAgent(191)
  try {
    const { installation } = agent.host
    const nft = makeNft()
    const stands = async () => ((await nft.list('inet', tableOf(installation))) ?? '').includes('rule-look')
    // A lock-down would judge the whole machine of the test: a rule is on trial by the same book.
    const rule = ruleOf('rule-look', '198.51.100.7', 'agent', ['7701'])
    const put = (generation: number, network: NetworkPolicy, trials = {}) =>
      agent.client.putWorkload(WorkloadConfig.parse({ generation, network, trials, apps: [] }))
    await put(1, { rules: [rule], lockDown: null })
    await until('the rule is in force', stands)
    const tried = { ...rule, pausedUntil: new Date(Date.now() - HOUR_MS).toISOString() }
    const policy = { rules: [tried], lockDown: null }
    const begun = performance.now()
    await put(2, policy, { [trialsIn(policy)[0]?.name ?? '']: 8_000 })
    await until('it is taken back', async () => !(await stands()))
    await agent.stop()
    await agent.start()
    assert.equal(await stands(), false)
    await until('it stands again', stands)
    const took = seconds(begun)
    assert.ok(took >= 8 && took < 14, `it took ${took} s`)
  } finally {
    await agent.destroy()
  }
})
