import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type Server } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { AgentRunRequest } from '#contract/agent.ts'
import { HostIdentity } from '#contract/host-identity.ts'
import type { ControlConfig } from '#contract/installation.ts'
import { makeTestHost, type TestHost } from '#platform/apps/test-host.ts'
import { dropMade } from '#platform/apps/test-platform.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { type AgentServerDeps, makeAgentServer } from '#runtime/agent/server.ts'
import { textLines } from '#runtime/kit/text-lines.ts'
import { makeTestDatabase, silent, type TestDatabase } from './test-database.ts'
import { makeTestWay, type TestWay } from './test-way.ts'

const NAME = 'control.maru.internal'
const IDENTITY = HostIdentity.parse({
  name: 'test-host',
  dataCentre: 'dc1',
  address: '127.0.0.1',
  role: 'full',
  first: true,
})

export interface Line {
  readonly event: string
  readonly [field: string]: unknown
}

/** A control plane in a process of its own. */
export interface TestServer {
  readonly config: ControlConfig
  /** As the control planes know it. */
  readonly id: string
  readonly child: ChildProcess
  readonly lines: readonly Line[]
  /** Asks as root, over its own socket. */
  ask(method: string, path: string, body?: object | Buffer): Promise<{ status: number; body: unknown }>
  /** The way to the database that only it uses. */
  readonly way: TestWay
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** Control planes on one real database and one host, whose agent is made up. */
export interface TestServers {
  readonly database: TestDatabase
  readonly host: TestHost
  /** A new one; or one at the place of another, which has ended. */
  start(name: string, before?: TestServer): Promise<TestServer>
  close(): Promise<void>
}

export async function makeTestServers(): Promise<TestServers> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-servers-'))
  const database = await makeTestDatabase()
  const files = await writeFiles(folder)
  const host = makeTestHost()
  const agent = makeAgentServer(agentOf(host))
  await listenAt(agent, join(folder, 'agent.sock'))
  const started: TestServer[] = []
  const ways: TestWay[] = []
  return {
    database,
    host,
    async start(name, before) {
      const config = before?.config ?? {
        ...configOf(folder, files),
        ...(await addressOf(folder, name, files)),
      }
      const server = await startProcess(folder, name, config, database)
      ways.push(server.way)
      started.push(server)
      return server
    },
    async close() {
      for (const { child } of started) child.kill('SIGKILL')
      await Promise.all(started.map(({ ended }) => ended))
      await Promise.all(ways.map((way) => way.cut()))
      agent.closeAllConnections()
      agent.close()
      const { rows } = await database.pool.query<{ app_id: string }>(
        'select distinct app_id from operations_operation',
      )
      const apps = rows.map(({ app_id: app }) => app)
      await dropMade(database, apps)
      await database.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function startProcess(
  folder: string,
  name: string,
  config: ControlConfig,
  { connection }: TestDatabase,
): Promise<TestServer> {
  const file = join(folder, `${name}.json`)
  const way = await makeTestWay({ host: connection.host ?? '', port: connection.port ?? 0 })
  await writeFile(file, JSON.stringify({ config, connection: { ...connection, ...way.at } }))
  const program = join(import.meta.dirname, 'test-process.ts')
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  const lines: Line[] = []
  const started = Promise.withResolvers<string>()
  const reading = async () => {
    for await (const line of textLines(child.stdout)) {
      const said = JSON.parse(line) as Line
      lines.push(said)
      if (said.event === 'server.started') started.resolve(String(said.process))
    }
    started.reject(new Error(`${name} ended: ${JSON.stringify(lines.at(-1))}`))
  }
  void reading()
  const id = await started.promise
  return { config, way, id, child, lines, ended, ask: (...what) => askSocket(config.controlSocket, ...what) }
}

function askSocket(socketPath: string, method: string, path: string, body?: object | Buffer) {
  const isUpload = Buffer.isBuffer(body)
  const type = isUpload ? 'application/gzip' : 'application/json'
  const headers = body === undefined ? {} : { 'content-type': type }
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    httpRequest({ socketPath, method, path, headers, agent: false }, (response) => {
      text(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, body: answer === '' ? null : JSON.parse(answer) })
      }, reject)
    })
      .on('error', reject)
      .end(isUpload ? body : body === undefined ? undefined : JSON.stringify(body))
  })
}

/** The real agent's API over a host that is made up. */
function agentOf(host: TestHost): AgentServerDeps {
  const parts: Partial<AgentServerDeps> = {
    log: silent,
    wake: () => undefined,
    workloads: {
      put: async (config) => void (await host.putWorkload(config)),
    } as AgentServerDeps['workloads'],
    board: { wait: (...wait) => host.report(...wait) } as AgentServerDeps['board'],
    async build(request, emit, signal) {
      for await (const event of host.build(request, signal)) emit(event)
    },
    run: (stream) => joinRun(host, stream),
    stacks: () => host.stacks(),
    restack: (request) => host.restack(request),
    removeApp: (appId) => host.removeApp(appId),
  }
  return parts as AgentServerDeps
}

async function joinRun(host: TestHost, stream: Duplex): Promise<void> {
  stream.on('error', () => stream.destroy())
  const [line] = (await once(stream, 'data')) as [Buffer]
  const end = line.indexOf('\n')
  const inside = await host.run(JSON.parse(line.subarray(0, end).toString()) as AgentRunRequest)
  stream.on('close', () => inside.destroy())
  inside.pipe(stream)
}

const listenAt = (server: Server, path: string) =>
  new Promise<void>((resolve) => void server.listen({ path }, resolve))

interface Files {
  readonly masterKeyFile: string
  readonly authSecretFile: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

async function writeFiles(folder: string): Promise<Files> {
  const authority = await openAuthority(join(folder, 'pki'))
  const certificate = await authority.issue({ commonName: NAME, dnsNames: [NAME], days: 1 })
  const write = async (name: string, content: string) => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  return {
    masterKeyFile: await write('master', randomBytes(32).toString('base64')),
    authSecretFile: await write('auth', randomBytes(32).toString('hex')),
    caFile: await write('ca.crt', authority.rootPem),
    certFile: await write('server.crt', certificate.certPem),
    keyFile: await write('server.key', certificate.keyPem),
  }
}

async function addressOf(folder: string, name: string, { certFile, keyFile }: Files) {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  return {
    controlSocket: join(folder, `${name}.sock`),
    listen: { host: '127.0.0.1', port, certFile, keyFile },
  }
}

const configOf = (
  folder: string,
  { masterKeyFile, authSecretFile, caFile }: Files,
): Omit<ControlConfig, 'listen' | 'controlSocket'> => ({
  installation: {
    id: 'inst_test',
    name: 'servers',
    domain: 'maru.localhost',
    createdAt: '2026-01-01T00:00:00Z',
    ports: { http: 80, https: 443 },
    subnet: '10.250',
  },
  version: '0.0.0-test',
  host: IDENTITY,
  database: { host: 'unused', port: 1, user: '', password: '', name: '', caFile: '' },
  appDatabase: { host: 'unused', port: 1 },
  patroni: [],
  patroniCa: '',
  masterKeyFile,
  authSecretFile,
  caFile,
  artifactsDir: join(folder, 'artifacts'),
  agentSocket: join(folder, 'agent.sock'),
  logLevel: 'info',
})
