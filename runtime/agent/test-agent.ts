import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type InstanceSpec, WorkloadConfig } from '#contract/agent.ts'
import { certificateNameOf, HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, HOME, SOCKETS } from '#contract/installation.ts'
import { type Authority, checkCertificateRequest, type HostKey } from '#platform/trust/index.ts'
import { type AgentClient, makeAgentClient } from '#runtime/drivers/agent-client.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { type Agent, startAgent } from './start.ts'
import { buildNodeImage, makeTestHost, type TestHost, testApp, until } from './test-host.ts'

/** A real agent in the test's own process, on a test host. */
export interface TestAgent {
  readonly host: TestHost
  readonly client: AgentClient
  /** Image with Node, for instances. */
  readonly image: string
  /** Hands over a workload of these apps with the next generation; gives its number. */
  put(...apps: Array<readonly [name: string, instances: InstanceSpec[]]>): Promise<number>
  instance(process: string, index: number, release: number, program: string, more?: object): InstanceSpec
  /** The containers of one kind. */
  containers(labels: Readonly<Record<string, string>>): ReturnType<TestHost['docker']['containers']['list']>
  applied(generation: number): Promise<unknown>
  /** What the agent said that an operator should know: its warnings, one JSON object each. */
  readonly warnings: readonly string[]
  stop(): Promise<void>
  start(): Promise<void>
  destroy(): Promise<void>
}

/** A host that joined the installation of another one. */
export interface Joining {
  readonly authority: Authority
  readonly identity: HostIdentity
  readonly key: HostKey
}

/** Who a test's first host is. */
export const FIRST_HOST = HostIdentity.parse({
  name: 'test-host',
  dataCentre: 'dc1',
  address: '127.0.0.1',
  role: 'full',
  first: true,
})

const configOf = (host: TestHost, identity: HostIdentity, image: string): AgentConfig => ({
  installation: host.installation,
  version: 'test',
  home: host.home,
  dockerSocket: '/var/run/docker.sock',
  host: identity,
  images: {
    app: image,
    builder: image,
    database: image,
    edge: host.images.edge,
    detector: host.images.detector,
  },
  hostCaBundle: '/etc/ssl/certs/ca-certificates.crt',
  logLevel: 'error',
})

/** Keeps warnings, and shows errors. */
function listen() {
  const warnings: string[] = []
  const log = makeLog('warn', (line) => {
    warnings.push(line)
    if (line.includes('"level":"error"')) process.stderr.write(`${line}\n`)
  })
  return { log, warnings }
}

/** Makes a host and starts an agent on it: the first of an installation, or one that joined. */
export async function makeTestAgent(second: number, joining?: Joining): Promise<TestAgent> {
  const host = await makeTestHost(second, joining?.authority)
  const image = await buildNodeImage(host)
  await mkdir(join(host.home, HOME.agent))
  if (joining !== undefined) await joinAs(host, joining)
  await writeFileAtomic(join(host.home, HOME.platform), JSON.stringify(host.platform))
  const config = configOf(host, joining?.identity ?? FIRST_HOST, image)
  const { log, warnings } = listen()
  const socket = joining === undefined ? SOCKETS.agent : SOCKETS.host
  const client = makeAgentClient(join(host.home, HOME.run, socket))
  let generation = 0
  let agent: Agent | undefined
  const stop = async () => {
    await agent?.stop()
    agent = undefined
  }
  const start = async () => {
    agent = await startAgent(config, log)
  }
  await start()
  return {
    host,
    client,
    image,
    warnings,
    stop,
    start,
    put: async (...apps) => {
      generation++
      const workload = {
        generation,
        apps: apps.map(([name, instances]) => ({ ...testApp(name), instances, keepImages: [image] })),
      }
      await client.putWorkload(WorkloadConfig.parse(workload))
      return generation
    },
    instance: (process, index, release, program, more = {}) => {
      const does = { command: ['node', '-e', program], env: { PORT: '8080' } }
      const spec = {
        process,
        index,
        release,
        epoch: 0,
        image,
        ...does,
        traffic: 'none' as const,
        ...more,
      }
      return spec as InstanceSpec
    },
    containers: (labels) => host.docker.containers.list({ [LABELS.owner]: host.installation.id, ...labels }),
    applied: (wanted) =>
      until(`generation ${wanted}`, async () => (await client.report(0, 0)).generation >= wanted),
    destroy: async () => {
      await stop()
      await host.destroy()
    },
  }
}

/** What `maru host join` leaves on a machine. */
async function joinAs({ home }: TestHost, { authority, identity, key }: Joining): Promise<void> {
  const name = certificateNameOf(identity.name)
  const { publicKey } = await checkCertificateRequest(await key.request(name))
  const content = { commonName: name, dnsNames: [name], addresses: [identity.address], days: 7, client: true }
  await writeFileAtomic(join(home, HOME.hostKey), key.keyPem)
  await writeFileAtomic(join(home, HOME.hostCertificate), await authority.sign(publicKey, content))
}
