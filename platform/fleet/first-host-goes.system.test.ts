import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { JoinRequest } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { keepHosts } from './keep-hosts.ts'
import { settleTier } from './keep-tier.ts'
import { remove, tryRemoval } from './remove.ts'
import { findMember, loadFleet, noteReport, setHost } from './store.ts'
import { FIRST } from './test-first-host.ts'
import { BY, type JoinedAgent, makeTestFleet, type TestFleet } from './test-fleet.ts'

/** The first host, another full one and a witness; then the first is lost, and one more comes. */
let fleet: TestFleet
let pair: Array<{ name: string; role: string; state: string }> = []
const agents: Partial<Record<string, JoinedAgent>> = {}

before(async () => {
  fleet = await makeTestFleet()
  await servePair()
  await serveStore()
  const row = await findMember(fleet.deps.db, FIRST.name)
  await setHost(fleet.deps.db, row?.id ?? '', { key_hash: 'known' })
  await joins('second', '127.0.0.2')
  await joins('voice', '127.0.0.3', 'witness')
})
after(() => fleet.close())

/** What the pair says of itself. */
async function servePair(): Promise<void> {
  const names = { commonName: 'pair', dnsNames: ['pair'], addresses: ['127.0.0.1'], days: 1 }
  const { certPem, keyPem } = await fleet.authority.issue(names)
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    if (request.method === 'POST' && request.url === '/switchover') pair = pair.map(swapped)
    response.end(JSON.stringify({ members: pair }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `https://127.0.0.1:${port}`
  const patroni = ['postgres-1', 'postgres-2'].map((member) => ({ member, url }))
  Object.assign(fleet.deps.config, { patroni })
  fleet.open.push(async () => {
    server.closeAllConnections()
    server.close()
  })
}

/** What the members of the store say of themselves; one of them may be away. */
const store = { leader: '3', away: '' }

async function serveStore(): Promise<void> {
  const { installation } = fleet.deps.config
  Object.assign(installation, { subnet: '127.99' })
  const { etcd, etcdPorts } = addressesOf(installation)
  const names = { commonName: 'store', dnsNames: ['store'], addresses: [...etcd], days: 1 }
  const { certPem, keyPem } = await fleet.authority.issue(names)
  const members = etcd.map((address, at) => ({
    ID: String(at + 1),
    peerURLs: [`https://${address}:${etcdPorts.peer}`],
  }))
  for (const [at, address] of etcd.entries()) {
    const id = String(at + 1)
    const server = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
      if (store.away === id) return void request.socket.destroy()
      const asked = (await json(request)) as { targetID?: string }
      if (request.url === '/v3/maintenance/transfer-leadership') store.leader = asked.targetID ?? ''
      response.end(JSON.stringify({ members, header: { member_id: id }, leader: store.leader }))
    })
    await new Promise<void>((resolve) => server.listen(etcdPorts.client, address, resolve))
    fleet.open.push(async () => {
      server.closeAllConnections()
      server.close()
    })
  }
}

const LEADS = { role: 'leader', state: 'running' }
const FOLLOWS = { role: 'sync_standby', state: 'streaming' }
const swapped = ({ name, role }: (typeof pair)[number]) => ({
  name,
  ...(role === 'leader' ? FOLLOWS : LEADS),
})

async function joins(name: string, address: string, role?: 'witness'): Promise<void> {
  const link = await fleet.invited(name, role)
  const joined = await fleet.askToJoin(link, { address: address as JoinRequest['address'] })
  agents[name] = await fleet.startAgent(joined)
  await noteReport(fleet.deps.db, name as HostName, { generation: 1, certificatesWanted: 0 })
  if (name === 'second') moveHere = () => fleet.moveControl(joined, agents.second ?? assert.fail())
}
let moveHere = () => {}

async function settle(): Promise<Record<string, string>> {
  await keepHosts(fleet.deps)
  while (await settleTier(fleet.deps));
  return (await loadFleet(fleet.deps.db)).services
}

const controlRunsOn = async (host: string) =>
  await sql`insert into server_process (id, place, version) values (${host}, ${`${host} 10.99.1.31:7700`}, '1')`.execute(
    fleet.deps.db,
  )
const asked = () => fleet.removeLost(FIRST.name)
const refusedFor = (reason: RegExp) => assert.rejects(asked, { code: 'hosts.still_needed', message: reason })

test('the first host is needed until another has all that it has', async () => {
  await refusedFor(/no other host has a control plane/)
  await controlRunsOn('second')
  await refusedFor(/no other host has a member of the database pair/)
  const services = await settle()
  assert.deepEqual(
    [services['postgres-2'], services['control-2'], services['etcd-2'], services['etcd-3']],
    ['second', 'second', 'voice', 'second'],
  )
  pair = [{ name: 'postgres-2', role: 'replica', state: 'streaming' }]
  await refusedFor(/not in step/)
})

test('then it can go, and what it had is without a host', async () => {
  pair = [{ name: 'postgres-2', role: 'leader', state: 'running' }]
  await asked()
  const { hosts, services } = await loadFleet(fleet.deps.db)
  assert.deepEqual(hosts.map(({ name }) => name).sort(), ['second', 'voice'])
  assert.deepEqual(services, {
    'etcd-2': 'voice',
    'etcd-3': 'second',
    'postgres-2': 'second',
    'control-2': 'second',
  })
})

test('the agent of the host that has the control plane now makes what others need', async () => {
  moveHere()
  await joins('third', '127.0.0.4')
  const services = await settle()
  for (const service of ['etcd-1', 'postgres-1', 'control']) assert.equal(services[service], 'third', service)
  const ready = (await agents.third?.bundles.ready()) ?? []
  assert.deepEqual([...ready].sort(), ['control', 'etcd-1', 'postgres-1'])
  // The new one can do so as well: no host is special any more.
  const { certificate } = agents.second?.membership.about() ?? assert.fail()
  const sealed = await agents.third?.bundles.seal({ service: 'postgres-2', certificate: certificate ?? '' })
  await agents.second?.bundles.save({ service: 'postgres-2', sealed: sealed ?? '' })
  // A witness has no secrets.
  const forVoice = { service: 'etcd-2', certificate: certificate ?? '' } as const
  await assert.rejects(async () => await agents.voice?.bundles.seal(forVoice), { code: 'not_found' })
})

test('the next one can go as well, after its database has handed its lead over', async () => {
  pair = [
    { name: 'postgres-2', ...LEADS },
    { name: 'postgres-1', ...FOLLOWS },
  ]
  await controlRunsOn('third')
  const unaware = { host: 'second' as HostName, lost: false, last: false, twoVoices: false }
  const tries = [() => tryRemoval(fleet.deps, unaware), () => remove(fleet.deps, unaware, BY, fleet.places)]
  for (const one of tries) await assert.rejects(one, { code: 'hosts.leaves_two_voices' })
  const removal = { ...unaware, twoVoices: true }
  store.away = '2'
  await assert.rejects(remove(fleet.deps, removal, BY, fleet.places), { code: 'hosts.still_needed' })
  store.away = ''
  await remove(fleet.deps, removal, BY, fleet.places)
  assert.notEqual(store.leader, '3')
  assert.deepEqual(
    pair.map(({ name, role }) => [name, role]),
    [
      ['postgres-2', 'sync_standby'],
      ['postgres-1', 'leader'],
    ],
  )
})

test('the last with anything of its kind cannot', async () => {
  await assert.rejects(fleet.removeLost('third' as HostName), { code: 'hosts.still_needed' })
})
