import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AGENT_PORT, certificateNameOf, type HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { HOME } from '#contract/installation.ts'
import { checkCertificateRequest, openHostKey } from '#platform/trust/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { keyHashAt } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { authorityOf, membershipOf, nextMembershipOf } from './agents.ts'
import { keepHosts } from './keep-hosts.ts'
import { expectKey, findMember, listUntold, setHost } from './store.ts'
import type { HostRow } from './tables.ts'
import { type Joined, type JoinedAgent, makeTestFleet, type TestFleet } from './test-fleet.ts'

const DAY_MS = 86_400_000
const second = 'second' as HostName
const AT = '127.0.8.2' as HostAddress

let fleet: TestFleet
let deps: ServerDeps
let joined: Joined
let agent: JoinedAgent

before(async () => {
  fleet = await makeTestFleet()
  deps = fleet.deps
  joined = await fleet.askToJoin(await fleet.invited(second), { address: AT })
  agent = await fleet.startAgent(joined)
})
after(() => fleet.close())

const rowOf = async (): Promise<HostRow> => (await findMember(deps.db, second)) ?? assert.fail()
const keyShown = () => keyHashAt({ host: AT, port: AGENT_PORT, timeoutMs: 5_000 })
/** As everybody does who asks it something. */
const ask = async () => await membershipOf(deps, await rowOf()).about()
const restart = async () => {
  await agent.stop()
  agent = await fleet.startAgent(joined, agent.home)
}
/** One round with the hosts, so many days from now. */
async function round(days: number): Promise<void> {
  fleet.offsetMs = days * DAY_MS
  try {
    const settled = (await keepHosts(deps)).find(({ host }) => host === second)
    assert.equal(settled?.error, undefined)
  } finally {
    fleet.offsetMs = 0
  }
}
const inHome = (name: string) => readFile(join(agent.home, name), 'utf8')

/** Somebody at its address who has what the host had once. */
async function impostor(pair: { cert: string; key: string }): Promise<{ close(): Promise<void> }> {
  const server = createServer({ ...pair }, (_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => server.listen(AGENT_PORT, AT, resolve))
  return {
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a host’s key is replaced while it is asked: nothing fails, and the old one is worth nothing', async (t) => {
  const old = { cert: await inHome(HOME.hostCertificate), key: await inHome(HOME.hostKey) }
  const seen = { answered: 0, failed: [] as unknown[] }
  const asking = new AbortController()
  const rows = Array.from({ length: 3 }, async () => {
    while (!asking.signal.aborted)
      await ask().then(
        () => void seen.answered++,
        (error: unknown) => void seen.failed.push(error),
      )
  })
  const more = async () => {
    const goal = seen.answered + 30
    await until('30 more answers', async () => seen.answered >= goal)
  }
  await more()
  await round(5)
  const { key_hash: before, next_key_hash: next } = await rowOf()
  assert.equal(before, joined.key.hash)
  assert.notEqual(next ?? before, before)
  await more()
  assert.equal(await keyShown(), before, 'the old one answers until the new one was tried')
  await round(0)
  await more()
  asking.abort()
  await Promise.all(rows)
  t.diagnostic(`${seen.answered} answered`)
  assert.deepEqual(seen.failed, [])
  const row = await rowOf()
  assert.deepEqual([row.key_hash, row.next_key_hash, await keyShown()], [next, null, next])
  assert.equal(row.certificate_expires_at?.toISOString(), agent.membership.about().certificateExpiresAt)

  await agent.stop()
  const thief = await impostor(old)
  assert.equal(await keyShown(), before)
  await assert.rejects(ask(), { code: 'hosts.not_itself' })
  await thief.close()
  agent = await fleet.startAgent(joined, agent.home)
  await ask()
})

/** What one round and the next do, one after the other. */
const STEPS: ReadonlyArray<(row: HostRow, request: string) => Promise<unknown>> = [
  async () => undefined,
  async (row, request) => await expectKey(deps.db, row, (await checkCertificateRequest(request)).keyHash),
  async (row, request) => {
    const signing = { request, host: second, address: AT }
    await membershipOf(deps, row).setCertificate(await authorityOf(deps).sign(signing))
  },
  async (row) => await nextMembershipOf(deps, row).useKey(row.next_key_hash ?? ''),
]
const STOPS = [
  'the answer with the request',
  'the certificate',
  'the first question to the new key',
  'that it has answered',
]

for (const [done, lost] of STOPS.entries())
  for (const isDown of [false, true])
    test(`the host stays in reach when ${lost} is lost${isDown ? ' and its agent starts anew' : ''}`, async () => {
      const { request } = await membershipOf(deps, await rowOf()).certificateRequest(true)
      const { keyHash } = await checkCertificateRequest(request)
      for (const step of STEPS.slice(0, done + 1)) await step(await rowOf(), request)
      if (isDown) await restart()
      assert.equal((await ask()).host.name, second)
      assert.equal((await keyShown()) === keyHash, lost === STOPS.at(-1))
      for (const days of [0, 5, 0]) {
        const { key_hash: key, next_key_hash: next } = await rowOf()
        if (key === keyHash && next === null) break
        await round(days)
        await ask()
      }
      const row = await rowOf()
      assert.deepEqual([row.key_hash, row.next_key_hash, await keyShown()], [keyHash, null, keyHash])
    })

test('after two weeks in a cupboard it is known by its key, also when it had named another one', async () => {
  await round(5)
  const named = await rowOf()
  assert.notEqual(named.next_key_hash, null)
  await agent.stop()
  const key = await openHostKey(await inHome(HOME.hostKey))
  const { publicKey } = await checkCertificateRequest(await key.request('x'))
  const name = certificateNameOf(second)
  const ended = await fleet.authority.sign(publicKey, { commonName: name, dnsNames: [name], days: -1 })
  await writeFile(join(agent.home, HOME.hostCertificate), ended)
  await setHost(deps.db, named.id, { certificate_expires_at: new Date(Date.now() - DAY_MS) })
  agent = await fleet.startAgent(joined, agent.home)
  await assert.rejects(ask(), { code: 'hosts.not_itself' })
  await round(0)
  await ask()
  assert.equal((await rowOf()).key_hash, named.next_key_hash)
})

test('of a removed host neither the key that it had nor the one that it had named is let in', async () => {
  await round(5)
  const { key_hash: key, next_key_hash: next } = await rowOf()
  const read = async (cert: string, of: string) => ({ cert: await inHome(cert), key: await inHome(of) })
  const had = await read(HOME.hostCertificate, HOME.hostKey)
  const named = await read(HOME.nextHostCertificate, HOME.nextHostKey)
  assert.ok(key !== null && next !== null && had.key !== named.key)
  await agent.stop()
  await fleet.removeLost(second)
  await assert.rejects(deps.agents.of(second).report(0, 0), { code: 'hosts.not_found' })
  // Another machine has its name and its address.
  joined = await fleet.askToJoin(await fleet.invited(second), { address: AT })
  for (const pair of [had, named]) {
    const removed = await impostor(pair)
    await assert.rejects(ask(), { code: 'hosts.not_itself' })
    await assert.rejects(deps.agents.of(second).report(0, 0), { code: 'hosts.not_itself' })
    await removed.close()
  }
  agent = await fleet.startAgent(joined)
  await ask()
})

test('a control plane on a host that has the name of a removed one does not take its own agent for it', async () => {
  fleet.moveControl(joined, agent)
  await keepHosts(deps)
  assert.equal(agent.membership.isRemoved(), false)
  assert.equal((await listUntold(deps.db, new Date(0))).length, 1)
})
