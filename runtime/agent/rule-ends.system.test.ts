import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { addressesOf } from '#contract/installation.ts'
import { type NetworkPolicy, NO_POLICY } from '#contract/network.ts'
import { makeHostNet, makeTestNet, type TestMachine, type Tried } from '#platform/network/test-net.ts'
import { ruleOf, TEST_FACTS } from '#platform/network/test-policy.ts'
import { pause } from '#runtime/kit/pause.ts'
import { type NetworkPart, startNetworkPart } from './test-network-part.ts'

/**
 * Rules that end by themselves, with an app's connection open. Nobody is there to say so: there is no control plane, and the agent's
 * passes are over when the end comes.
 */
const LIFE_MS = 4_000
/** What it may take from the end on where other tests keep the machine busy; on one with nothing else to do it is printed. */
const PROMPT_MS = 5_000
/** What the clocks of this may differ by. */
const EARLY_MS = 1_000
const LOOK_MS = 20
const SHOP = '10.89.129.1'
const OUTSIDE = '198.51.100.9'

const net = makeTestNet()
let home: string
let shop: TestMachine
let part: NetworkPart | undefined
let host: TestMachine
after(async () => {
  part?.stop()
  await net.close()
  await rm(home, { recursive: true, force: true })
})
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'maru-rule-ends-'))
  const { networks } = addressesOf(TEST_FACTS.installation)
  const made = await makeHostNet(net, networks)
  host = made.host
  shop = await made.place(networks.apps, SHOP)
  const outside = await made.placeOutside(OUTSIDE)
  await outside.listen(443, 444)
  part = await startNetworkPart(host, home)
})

const ending = (until: Date) =>
  ruleOf('rule-ends', 'apps', '198.51.100.0/24', ['443'], { until: until.toISOString() })
const STAYS = ruleOf('rule-stays', 'apps', '198.51.100.0/24', ['444'])
const handOver = async ({ workloads, pass }: NetworkPart, generation: number, network: NetworkPolicy) => {
  await workloads.put(WorkloadConfig.parse({ generation, network, trials: {}, apps: [] }))
  await pass()
}
const opened = async (port: number) => {
  const tried = await shop.connect(OUTSIDE, port)
  assert.equal(tried.end, 'open')
  return tried
}
/** Sends until nothing is answered any more; when the last answer came. */
async function lastAnswer(open: Tried): Promise<number> {
  for (let last = 0; ; last = Date.now()) {
    if ((await open.send()) !== 'answered') return last
    await pause(LOOK_MS)
  }
}

test('a rule’s end cuts what is open at once, and not before; what others allow goes on', async (t) => {
  assert.ok(part)
  const end = new Date(Date.now() + LIFE_MS)
  await handOver(part, 1, { ...NO_POLICY, rules: [ending(end), STAYS] })
  const [cut, goesOn] = [await opened(443), await opened(444)]
  const late = (await lastAnswer(cut)) - end.getTime()
  t.diagnostic(`the last answer came ${late} ms after the end`)
  assert.ok(late >= -EARLY_MS && late <= PROMPT_MS, `${late} ms`)
  assert.equal((await shop.connect(OUTSIDE, 443)).end, 'silent')
  assert.equal(await goesOn.send(), 'answered')
})

test('an agent that starts after the end closes it with its first pass, and no later one opens it again', async () => {
  assert.ok(part)
  const end = new Date(Date.now() + LIFE_MS)
  await handOver(part, 2, { ...NO_POLICY, rules: [ending(end), STAYS] })
  const cut = await opened(443)
  part.stop()
  // Without an agent nothing ends: what comes below is the agent's doing.
  while (Date.now() < end.getTime() + EARLY_MS) {
    assert.equal(await cut.send(), 'answered')
    await pause(LOOK_MS)
  }
  part = await startNetworkPart(host, home)
  assert.equal(await cut.send(), 'silent')
  await part.pass()
  assert.deepEqual(
    [(await shop.connect(OUTSIDE, 443)).end, (await shop.connect(OUTSIDE, 444)).end],
    ['silent', 'open'],
  )
})
