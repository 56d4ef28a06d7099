import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, test } from 'node:test'
import { HostAddress, HostIdentity } from '#contract/host-identity.ts'
import type { DataCentreName, HostName } from '#contract/ids.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { openMembership } from '#runtime/agent/membership.ts'
import { type AgentServerDeps, makeAgentServer } from '#runtime/agent/server.ts'
import { serviceBundles } from '#runtime/agent/service-bundles.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { ipv4Ends } from '#runtime/kit/ipv4.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { listDataCentres, listVisitorAddresses, setAddress } from './data-centres.ts'
import type { Places } from './places.ts'
import { registerFirstHost } from './register-first-host.ts'
import { addHost, findMember, loadFleet, noteReport, removeHost, setDraining } from './store.ts'
import { makeTestConfig } from './test-config.ts'

/** This machine's own network, and addresses in it that the made-up hosts have. */
const own = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal, cidr }) => family === 'IPv4' && !internal && !cidr?.endsWith('/32'))
const numbered = (from: number) =>
  HostAddress.parse([24, 16, 8, 0].map((shift) => Math.floor(from / 2 ** shift) % 256).join('.'))
const { first, last } = ipv4Ends(own?.cidr ?? '')
const free = Array.from({ length: last - first - 1 }, (_, at) => numbered(first + 1 + at)).filter(
  (address) => address !== own?.address,
)
const [secondAt, shared, other] = [free.at(-2), free.at(-3), free.at(-4)] as [
  HostAddress,
  HostAddress,
  HostAddress,
]

const FIRST = HostIdentity.parse({
  name: 'a1',
  dataCentre: 'east',
  address: own?.address,
  role: 'full',
  first: true,
})
const EAST = 'east' as DataCentreName
const WEST = 'west' as DataCentreName
const BY = { id: 'test', name: 'test' }
const holding = new Set<HostName>()
/** Who holds an address is what hosts report, which is another capability's matter. */
const places: Places = {
  survey: async (_db, hosts) =>
    new Map(
      hosts.map(({ name }) => [
        name,
        {
          runsApps: true,
          holdsAddress: holding.has(name),
          running: [],
          memory: { promisedMb: 0, availableMb: 0 },
        },
      ]),
    ),
  findStranded: async () => [],
  listRunning: async () => [],
}

let folder: string
let database: TestDatabase
let deps: ServerDeps
let agent: Server

before(async () => {
  folder = await mkdtemp(joinPath(tmpdir(), 'maru-centres-'))
  const authority = await openAuthority(joinPath(folder, 'pki'))
  database = await makeTestDatabase()
  const config = await makeTestConfig(folder, authority, FIRST)
  deps = { config, db: database.db, log: silent, now: () => new Date() } as unknown as ServerDeps
  await registerFirstHost(deps)
  for (const [name, dataCentre, address] of [
    ['a2', EAST, secondAt],
    ['b1', WEST, '203.0.113.7'],
  ] as const)
    await addHost(
      deps.db,
      {
        host: HostIdentity.parse({ name, dataCentre, address, role: 'full', first: false }),
        keyHash: name,
        version: '1.0.0',
        certificateExpiresAt: new Date(Date.now() + 86_400_000),
      },
      deps.now(),
    )
  agent = await serveFirst(joinPath(folder, 'first'))
})
after(async () => {
  agent.close()
  agent.closeAllConnections()
  await database.close()
  await rm(folder, { recursive: true })
})

/** The first host's agent as far as it says who and where it is. */
async function serveFirst(home: string): Promise<Server> {
  await ensureFolder(joinPath(home, HOME.agent))
  const self = { home, host: FIRST, version: '1.0.0', installation: deps.config.installation } as AgentConfig
  const membership = await openMembership(self)
  const parts = { membership, bundles: serviceBundles(self, membership, async () => undefined), log: silent }
  const server = makeAgentServer(parts as unknown as AgentServerDeps)
  await new Promise<void>((resolve) => server.listen(deps.config.agentSocket, resolve))
  return server
}

const share = (dataCentre: DataCentreName, address: HostAddress | null) =>
  setAddress(deps, { dataCentre, address }, BY, places)
const addresses = async () => (await loadFleet(deps.db)).addresses

test('an address that cannot work is refused, and nothing has changed', async () => {
  const refused = (address: string, reason: RegExp, centre = EAST) =>
    assert.rejects(
      () => share(centre, HostAddress.parse(address)),
      (error: Error & { code?: string }) =>
        error.code === 'hosts.address_unfit' && reason.test(error.message),
    )
  await refused(FIRST.address, /the own address of a1/)
  await refused(secondAt, /the own address of a2/)
  await refused('203.0.113.9', /a1 is in .*, and it is not/)
  await refused('127.0.0.1', /no machine can have it/)
  await refused('10.99.0.9', /10\.99\.0\.0\/16/)
  // Its only host is away and says nothing.
  await refused('203.0.113.9', /none of them says/, WEST)
  await assert.rejects(() => share('north' as DataCentreName, shared), { code: 'hosts.no_data_centre' })
  assert.equal(await addresses(), undefined)
})

test('the hosts of a data centre are told of the address that they share; a name server should say it instead of theirs', async () => {
  assert.deepEqual(await listVisitorAddresses(deps.db), [FIRST.address, secondAt, '203.0.113.7'])
  holding.add('a2' as HostName)
  const said = { name: EAST, address: shared, heldBy: ['a2'], hosts: ['a1', 'a2'] }
  assert.deepEqual(await share(EAST, shared), said)
  assert.deepEqual(await addresses(), [
    { dataCentre: EAST, address: shared, hosts: ['a1', 'a2'], leaving: [] },
  ])
  assert.deepEqual(await listVisitorAddresses(deps.db), [shared, '203.0.113.7'])
  assert.equal((await share(EAST, other)).address, other)
  assert.equal((await addresses())?.length, 1)
})

test('a host that is being emptied leaves it to another, as long as one is heard', async () => {
  const a1 = (await findMember(deps.db, 'a1')) ?? assert.fail()
  const leaving = async () => (await addresses())?.[0]?.leaving
  await setDraining(deps.db, a1.id, true)
  assert.deepEqual(await leaving(), [])
  const report = { generation: 1, certificatesWanted: 0 }
  await noteReport(deps.db, 'a2' as HostName, report)
  assert.deepEqual(await leaving(), ['a1'])
  const a2 = (await findMember(deps.db, 'a2')) ?? assert.fail()
  await setDraining(deps.db, a2.id, true)
  assert.deepEqual(await leaving(), [])
})

test('none, and the end of a data centre, give the address free', async () => {
  await share(EAST, null)
  assert.equal(await addresses(), undefined)
  await share(EAST, shared)
  for (const name of ['a1', 'a2'])
    await removeHost(deps.db, (await findMember(deps.db, name)) ?? assert.fail(), deps.now())
  assert.equal(await addresses(), undefined)
  const names = (await listDataCentres(deps, places)).map(({ name }) => name)
  assert.deepEqual(names, [WEST])
})
