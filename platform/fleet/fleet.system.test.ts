import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Fleet } from '#contract/fleet.ts'
import type { JoinRequest } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import { answerKnocks } from '#platform/hosts/knock.ts'
import { type Authority, daysLeft, newHostKey } from '#platform/trust/index.ts'
import { bundleFile, readBundle } from '#runtime/agent/service-bundles.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { authorityOf } from './agents.ts'
import { lookAtInvitation } from './join.ts'
import { keepHosts } from './keep-hosts.ts'
import { settleTier } from './keep-tier.ts'
import { remove } from './remove.ts'
import { listHosts, listUntold, loadFleet, noteReport } from './store.ts'
import { FIRST } from './test-first-host.ts'
import { BY, type JoinedAgent, makeTestFleet, type TestFleet, tokenOf } from './test-fleet.ts'

const DAY_MS = 86_400_000
const addressesIn = ({ hosts }: Fleet) => hosts.map(({ address }) => address)
const second = 'second' as HostName

let fleet: TestFleet
let deps: ServerDeps
let authority: Authority

before(async () => {
  fleet = await makeTestFleet()
  ;({ deps, authority } = fleet)
})
after(() => fleet.close())

const askToJoin: TestFleet['askToJoin'] = (...asked) => fleet.askToJoin(...asked)
const invited: TestFleet['invited'] = (...asked) => fleet.invited(...asked)
const removeLost = (host: HostName) => fleet.removeLost(host)
const names = () => fleet.names()
const refusal = async (work: () => Promise<unknown>, code: string) => {
  const hostsBefore = await names()
  await assert.rejects(work, { code })
  assert.deepEqual(await names(), hostsBefore)
}

test('an invitation can be looked at, joins one host, and makes it a row', async () => {
  const link = await invited('second', 'witness')
  assert.match(link, /^https:\/\/maru\.localhost\/join#\w{43}\.[0-9a-f]{32}@127\.0\.0\.1$/)
  const machine = { token: tokenOf(link), version: '1.0.0', clock: deps.now().toISOString() }
  assert.equal((await lookAtInvitation(deps, machine)).role, 'witness')
  const { key, answer } = await askToJoin(link)
  assert.deepEqual(addressesIn(answer.fleet), ['127.0.0.1', '127.0.0.2'])
  assert.equal(answer.root, authority.rootPem)
  assert.deepEqual(await names(), ['first joining', 'second joining'])
  // The answer was lost: the same machine asks again, with the key that it kept.
  const { answer: again } = await askToJoin(link, {}, key)
  assert.deepEqual(again.host, answer.host)
  assert.deepEqual(await names(), ['first joining', 'second joining'])
  // Anybody else who got hold of the link.
  await refusal(
    () => askToJoin(link, { address: '127.0.0.3' as JoinRequest['address'] }),
    'hosts.invitation_invalid',
  )
})

test('an invitation that is wrong, replaced or older than ten minutes is refused', async () => {
  await refusal(() => askToJoin('x#nonsense.y'), 'hosts.invitation_invalid')
  const replaced = await invited('third')
  const link = await invited('third')
  const elsewhere = { address: '127.0.0.3' as JoinRequest['address'] }
  await refusal(() => askToJoin(replaced, elsewhere), 'hosts.invitation_invalid')
  fleet.offsetMs = 10 * 60_000 + 1000
  await refusal(() => askToJoin(link, elsewhere), 'hosts.invitation_invalid')
  fleet.offsetMs = 0
})

test('a machine that would not fit is refused, and its invitation stays good', async () => {
  const link = await invited('third')
  const address = '127.0.0.3' as JoinRequest['address']
  const late = new Date(deps.now().getTime() - 3_600_000).toISOString()
  await refusal(() => askToJoin(link, { address, version: '0.9.0' }), 'hosts.version_differs')
  await refusal(() => askToJoin(link, { address, clock: late }), 'hosts.clock_off')
  await refusal(() => askToJoin(link), 'hosts.address_taken')
  await refusal(() => askToJoin(link, { address }, undefined, false), 'hosts.cannot_reach')
  const stop = await answerKnocks(await newHostKey(), address)
  fleet.open.push(async () => stop())
  await refusal(() => askToJoin(link, { address }, undefined, false), 'hosts.cannot_reach')
  stop()
  await refusal(() => invited('second'), 'hosts.name_taken')
  await askToJoin(link, { address })
  assert.deepEqual(await names(), ['first joining', 'second joining', 'third joining'])
})

test('the control plane settles with each host: addresses, and a certificate when a third is left', async () => {
  await removeLost(second)
  const joined = await askToJoin(await invited('second'))
  const agent = await fleet.startAgent(joined)
  try {
    // Members come first; the removed one of the same name is not reached any more.
    const settled = (await keepHosts(deps)).find(({ host }) => host === 'second')
    assert.equal(settled?.error, undefined)
    assert.deepEqual(addressesIn(agent.membership.fleet()), ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
    await settlesTier(agent)
    const before = agent.membership.credentials()?.cert
    fleet.offsetMs = 4 * DAY_MS
    await keepHosts(deps)
    assert.equal(agent.membership.credentials()?.cert, before)
    fleet.offsetMs = 5 * DAY_MS
    await keepHosts(deps)
    assert.equal(agent.membership.credentials()?.cert, before, 'the new key was not tried yet')
    await keepHosts(deps)
    assert.notEqual(agent.membership.credentials()?.cert, before)
    const [, listed] = await listHosts(deps.db)
    assert.equal(listed?.certificateExpiresAt, agent.membership.about().certificateExpiresAt)
  } finally {
    fleet.offsetMs = 0
    await agent.stop()
  }
})

/** The second member of the pair goes to the other host, with all that it needs; nobody else can have it. */
async function settlesTier(agent: JoinedAgent): Promise<void> {
  assert.equal(await settleTier(deps), true)
  while (await settleTier(deps));
  assert.equal((await loadFleet(deps.db)).services['postgres-2'], 'first', 'it has not reported yet')
  await noteReport(deps.db, second, { generation: 1, certificatesWanted: 0 })
  assert.equal(await settleTier(deps), true)
  assert.equal((await loadFleet(deps.db)).services['postgres-2'], 'second')
  assert.equal(await settleTier(deps), false)
  assert.deepEqual(await agent.bundles.ready(), ['postgres-2'])
  const { certificate } = agent.membership.about()
  const sealed = await authorityOf(deps).sealBundle({ service: 'postgres-2', certificate: certificate ?? '' })
  // The first sign behind the last dot: at the end of the tag some bits of base64 mean nothing.
  const changed = sealed.replace(/\.(.)([^.]*)$/, (_, sign, rest) => `.${sign === 'A' ? 'B' : 'A'}${rest}`)
  assert.notEqual(changed, sealed)
  await assert.rejects(agent.bundles.save({ service: 'postgres-2', sealed: changed }), { code: 'invalid' })
  const { certPem } = await authority.issue({ commonName: 'stranger', dnsNames: ['stranger'], days: 1 })
  const forStranger = { service: 'postgres-2', certificate: certPem } as const
  await assert.rejects(authorityOf(deps).sealBundle(forStranger), { code: 'invalid' })
  await renewsService(agent)
  await signsWithControl(agent, certificate ?? '')
}

/** Long before a service's certificate ends, the control plane gives another. */
async function renewsService({ home, bundles }: JoinedAgent): Promise<void> {
  const given = (await readBundle(home, 'postgres-2')) ?? assert.fail()
  const { certPem } = await authority.issue({ commonName: 'old', dnsNames: ['old'], days: 400 })
  const old = JSON.stringify({ ...given, certificate: certPem })
  await writeFile(bundleFile(home, 'postgres-2'), old)
  assert.deepEqual(await bundles.ready(), [])
  await keepHosts(deps)
  assert.deepEqual(await bundles.ready(), ['postgres-2'])
  const renewed = (await readBundle(home, 'postgres-2')) ?? assert.fail()
  assert.ok(daysLeft(renewed.certificate, new Date()) > 1800)
}

/** What comes with a control plane lets its host sign: while the first one is away, nobody else could. */
async function signsWithControl(agent: JoinedAgent, certificate: string) {
  assert.equal(await agent.signer(), undefined)
  const sealed = await authorityOf(deps).sealBundle({ service: 'control-2', certificate })
  await agent.bundles.save({ service: 'control-2', sealed })
  assert.deepEqual(await agent.bundles.ready(), ['postgres-2', 'control-2'])
  const names = { commonName: 'new', dnsNames: ['new.apps.test'], days: 1 }
  const issued = await (await agent.signer())?.issue(names)
  assert.ok(
    issued && new X509Certificate(issued.certPem).verify(new X509Certificate(authority.rootPem).publicKey),
  )
}

test('a removed host is refused although its certificate is good, is told, and its name is free', async () => {
  const link = await invited('fourth')
  const address = '127.0.0.4' as JoinRequest['address']
  const joined = await askToJoin(link, { address })
  let agent = await fleet.startAgent(joined)
  const fourth = joined.answer.host.name
  fleet.running = ['shop web.1', 'shop web.2']
  await refusal(
    () => remove(deps, { host: fourth, lost: false, last: false, twoVoices: false }, BY, fleet.places),
    'hosts.still_runs',
  )
  await refusal(() => removeLost(FIRST.name), 'hosts.still_needed')
  // It is away when it is removed, and another machine gets its name and its address.
  await agent.stop()
  await removeLost(fourth)
  await refusal(() => deps.agents.of(fourth).report(0, 0), 'hosts.not_found')
  await refusal(() => askToJoin(link, { address }, joined.key), 'hosts.invitation_invalid')
  const next = await askToJoin(await invited('fourth'), { address })
  agent = await fleet.startAgent(joined)
  try {
    await assert.rejects(deps.agents.of(fourth).report(0, 0), { code: 'hosts.not_itself' })
    await keepHosts(deps)
    assert.equal(agent.membership.isRemoved(), true)
    assert.ok((await listUntold(deps.db, new Date(0))).every(({ name }) => name !== 'fourth'))
  } finally {
    await agent.stop()
  }
  agent = await fleet.startAgent(next)
  try {
    const settled = (await keepHosts(deps)).find(({ host }) => host === 'fourth')
    assert.equal(settled?.error, undefined)
    assert.equal(agent.membership.isRemoved(), false)
  } finally {
    await agent.stop()
  }
})
