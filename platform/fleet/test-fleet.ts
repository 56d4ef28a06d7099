import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import type { JoinRequest } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { answerKnocks } from '#platform/hosts/knock.ts'
import { type Authority, type HostKey, newHostKey, openAuthority } from '#platform/trust/index.ts'
import { type HostMembership, openMembership } from '#runtime/agent/membership.ts'
import { type AgentServerDeps, makeAgentServer } from '#runtime/agent/server.ts'
import { type ServiceBundles, serviceBundles } from '#runtime/agent/service-bundles.ts'
import { makeSigner, type Signer } from '#runtime/agent/signer.ts'
import { makeControlServer } from '#runtime/agent/tls-server.ts'
import { ensureFolder, writeFileAtomic } from '#runtime/drivers/files.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeTestDatabase, silent } from '#runtime/server/test-database.ts'
import { makeAgents } from './agents.ts'
import { invite } from './invite.ts'
import { join } from './join.ts'
import type { Places } from './places.ts'
import { registerFirstHost } from './register-first-host.ts'
import { remove } from './remove.ts'
import { listHosts } from './store.ts'
import { makeTestConfig } from './test-config.ts'
import { FIRST, serveFirst } from './test-first-host.ts'

export const BY = { id: 'test', name: 'test' }

/** The agent of a joined host, as far as it belongs to the installation. */
export interface JoinedAgent {
  readonly membership: HostMembership
  readonly bundles: ServiceBundles
  readonly signer: Signer
  readonly home: string
  /** Where a control plane beside it would ask. */
  readonly socket: string
  stop(): Promise<void>
}

export type Joined = { readonly key: HostKey; readonly answer: Awaited<ReturnType<typeof join>> }

/** A control plane's view of its hosts on a real database, with the agents' parts that are about belonging together. */
export interface TestFleet {
  readonly deps: ServerDeps
  readonly authority: Authority
  readonly places: Places
  /** Moves the control plane's clock. */
  offsetMs: number
  /** What runs on every host. */
  running: string[]
  /** What a test that failed may have left open. */
  readonly open: Array<() => Promise<unknown>>
  invited(name: string, role?: 'full' | 'witness'): Promise<string>
  /** A new machine at an address of its own: it answers knocks with its key, unless it does not. */
  askToJoin(link: string, over?: Partial<JoinRequest>, own?: HostKey, answers?: boolean): Promise<Joined>
  /** From the beginning, or with what an earlier one has left. */
  startAgent(joined: Joined, home?: string): Promise<JoinedAgent>
  removeLost(host: HostName): Promise<void>
  /** From now on the control plane is beside another agent. */
  moveControl(joined: Joined, agent: JoinedAgent): void
  /** Every host with its state. */
  names(): Promise<string[]>
  close(): Promise<void>
}

export const tokenOf = (link: string) => /#(\w+)\./.exec(link)?.[1] ?? ''

export async function makeTestFleet(): Promise<TestFleet> {
  const folder = await mkdtemp(joinPath(tmpdir(), 'maru-fleet-'))
  const authority = await openAuthority(joinPath(folder, 'pki'))
  const database = await makeTestDatabase()
  const config = await makeTestConfig(folder, authority, FIRST)
  const now = () => new Date(Date.now() + fleet.offsetMs)
  const agents = makeAgents({ config, db: database.db })
  const hub = startHub(database.connection, silent)
  const deps = { config, db: database.db, log: silent, now, agents, hub } as unknown as ServerDeps
  // What runs on hosts is another capability's matter; its own tests are in platform/apps.
  const places: Places = {
    survey: async () => new Map(),
    findStranded: async () => [],
    listRunning: async () => fleet.running,
  }
  const fleet: TestFleet = {
    deps,
    authority,
    places,
    offsetMs: 0,
    running: [],
    open: [],
    invited: async (name, role = 'full') => (await invite(deps, { name: name as HostName, role })).link,
    askToJoin: (link, over, own, answers) => askToJoin(deps, link, { over, own, answers }),
    startAgent: async (joined, home) => {
      const agent = await startAgent(joined, home ?? (await joinedHome(folder, joined)))
      fleet.open.push(agent.stop)
      return agent
    },
    removeLost: (host) => remove(deps, { host, lost: true, last: false, twoVoices: false }, BY, places),
    moveControl: ({ answer: { host } }, { socket: agentSocket }) =>
      void Object.assign(config, { host, agentSocket }),
    names: async () => (await listHosts(deps.db, deps.now())).map(({ name, state }) => `${name} ${state}`),
    close: async () => {
      for (const close of fleet.open) await close()
      firstAgent.close()
      firstAgent.closeAllConnections()
      await hub.close()
      await database.close()
      await rm(folder, { recursive: true })
    },
  }
  await registerFirstHost(deps)
  const firstAgent = await serveFirst(config, authority, folder)
  return fleet
}

interface Asking {
  readonly over: Partial<JoinRequest> | undefined
  readonly own: HostKey | undefined
  readonly answers: boolean | undefined
}

async function askToJoin(
  deps: ServerDeps,
  link: string,
  { over = {}, own, answers = true }: Asking,
): Promise<Joined> {
  const key = own ?? (await newHostKey())
  const address = (over.address ?? '127.0.0.2') as JoinRequest['address']
  const stop = answers ? await answerKnocks(key, address) : () => undefined
  try {
    const request = await key.request('a new host')
    const machine = { token: tokenOf(link), version: '1.0.0', clock: deps.now().toISOString() }
    return { key, answer: await join(deps, { ...machine, address, request, ...over }) }
  } finally {
    stop()
  }
}

/** What `maru host join` leaves on a machine. */
async function joinedHome(folder: string, { key, answer }: Joined): Promise<string> {
  const home = joinPath(folder, randomBytes(4).toString('hex'))
  await ensureFolder(joinPath(home, HOME.agent))
  await ensureFolder(joinPath(home, HOME.pki))
  await writeFileAtomic(joinPath(home, HOME.hostKey), key.keyPem)
  await writeFileAtomic(joinPath(home, HOME.hostCertificate), answer.certificate)
  await writeFileAtomic(joinPath(home, `${HOME.pki}/root.crt`), answer.root)
  await writeFileAtomic(joinPath(home, HOME.fleet), JSON.stringify(answer.fleet))
  return home
}

async function startAgent(joined: Joined, home: string): Promise<JoinedAgent> {
  const { host, installation } = joined.answer
  const config = { installation, home, host, version: '1.0.0' } as AgentConfig
  const membership = await openMembership(config)
  const credentials = membership.credentials()
  if (credentials === null) throw new Error('a joined host without credentials')
  const signer = makeSigner(home, undefined)
  const bundles = serviceBundles(config, membership, signer)
  const parts = { membership, bundles, signer, log: silent, wake: () => undefined }
  const server = makeControlServer(parts as unknown as AgentServerDeps, credentials)
  const own = makeAgentServer(parts as unknown as AgentServerDeps)
  const socket = joinPath(home, 'agent.sock')
  await new Promise<void>((resolve) => server.listen(7701, host.address, resolve))
  await new Promise<void>((resolve) => own.listen(socket, resolve))
  const stop = async () => await Promise.all([server, own].map(end))
  return { membership, bundles, signer, home, socket, stop: async () => void (await stop()) }
}

const end = async (server: Pick<Server, 'close' | 'closeAllConnections'>) => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
