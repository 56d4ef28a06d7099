import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import tar from 'tar-stream'
import { ContainerSpec } from '#contract/agent.ts'
import { addressesOf } from '#contract/installation.ts'
import { NO_POLICY } from '#contract/network.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { type HostRules, makeHostRules } from './apply-rules.ts'
import type { NetworkFacts } from './layout.ts'
import { startEngine, type TestEngine } from './test-engine.ts'
import { HOST_OUTSIDE, makeHostNet, makeTestNet, on, type TestMachine } from './test-net.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'

/**
 * Somebody publishes a port of a container on a host, and says in the engine's own chain for people that everything is let through.
 * The engine is a real one, and what it writes into the filter is there beside the installation's rules.
 */
const OUTSIDE = '198.51.100.9'
const PORT = 8080
const facts: NetworkFacts = { ...TEST_FACTS, hosts: [], own: undefined, ways: [], apps: [] }
const LOCKED = { ...NO_POLICY, lockDown: { since: '2026-01-01T00:00:00.000Z', by: 'ada', until: null } }
const PROGRAM = `require('net').createServer((s)=>s.on('error',()=>{}).pipe(s)).listen(${PORT})`

const net = makeTestNet()
let engine: TestEngine | undefined
let host: TestMachine
let outside: TestMachine
let rules: HostRules
after(async () => {
  await engine?.end()
  await net.close()
})
before(async () => {
  const made = await makeHostNet(net, addressesOf(facts.installation).networks)
  host = made.host
  outside = await made.placeOutside(OUTSIDE)
  rules = makeHostRules(makeNft(host.enter), facts.installation)
  engine = await startEngine(host)
  await publish(engine.docker)
  await on(host, 'iptables', '-I', 'DOCKER-USER', '-j', 'ACCEPT')
})

/** A container that answers on a published port, from no image but this machine's own files. */
async function publish(docker: Docker): Promise<void> {
  const context = tar.pack()
  context.entry({ name: 'Dockerfile' }, 'FROM scratch\nLABEL of=test\n')
  context.finalize()
  const image = await docker.images.build(Readable.from(context), {}, () => {})
  const from = (source: string, target = source) => ({ source, target, readOnly: true })
  const spec = ContainerSpec.parse({
    ...{ name: 'somebodys', component: 'other', image, command: ['/node', '-e', PROGRAM], init: false },
    networks: [{ name: 'bridge' }],
    ports: [{ host: PORT, container: PORT }],
    mounts: [from(process.execPath, '/node'), from('/usr/lib', '/lib'), from('/usr/lib64', '/lib64')],
  })
  await docker.containers.start(await docker.containers.create(spec, 'nobodys'))
}

const reach = async () => (await outside.connect(HOST_OUTSIDE, PORT)).end
async function opensSoon(): Promise<string> {
  for (let turn = 0; turn < 20; turn += 1) if ((await reach()) === 'open') return 'open'
  return 'silent'
}

test('a host that is not locked down leaves the engine’s published port alone', async () => {
  assert.equal(await opensSoon(), 'open')
  await rules.ensure(NO_POLICY, facts)
  assert.equal(await reach(), 'open')
})

test('locked down it is silent, whatever the engine’s chains accept, and what was open is cut', async () => {
  const open = await outside.connect(HOST_OUTSIDE, PORT)
  assert.equal(await open.send(), 'answered')
  await rules.ensure(LOCKED, facts)
  assert.equal(await open.send(), 'silent')
  assert.equal(await reach(), 'silent')
})

test('a rule for the host’s own port does not open the container’s, and a further ACCEPT of the engine’s neither', async () => {
  const named = ruleOf('rule-open', '198.51.100.0/24', 'host', [String(PORT)])
  await rules.ensure({ ...LOCKED, rules: [named] }, facts)
  await on(host, 'iptables', '-I', 'FORWARD', '-j', 'ACCEPT')
  assert.equal(await reach(), 'silent')
})

test('no longer locked down it answers again', async () => {
  await rules.ensure(NO_POLICY, facts)
  assert.equal(await reach(), 'open')
})
