import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BuildEvent, type BuildRequest, type BuildResult, ContainerSpec } from '#contract/agent.ts'
import { HostIdentity } from '#contract/host-identity.ts'
import type { RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import { type AgentConfig, addressesOf, HOME, type Installation } from '#contract/installation.ts'
import { type Docker, LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { type BuildLimits, packSource, receiveSource, restackSlug, runBuild } from './index.ts'

const SOCKET = '/var/run/docker.sock'
const HOST_CA = '/etc/ssl/certs/ca-certificates.crt'

export interface BuildOutcome {
  readonly result: BuildResult | undefined
  readonly error: Extract<BuildEvent, { type: 'failed' }>['error'] | undefined
  readonly lines: readonly string[]
  readonly seconds: number
}

export interface BuildOptions {
  readonly app?: string
  readonly env?: Record<string, string>
  readonly limits?: Partial<BuildLimits>
  readonly signal?: AbortSignal
  readonly onLine?: (line: string) => void
}

/** The image of a build that must have succeeded. */
export function builtImage(outcome: BuildOutcome): string {
  assert.equal(outcome.error, undefined, `${JSON.stringify(outcome.error)}\n${outcome.lines.join('\n')}`)
  assert.ok(outcome.result)
  return outcome.result.image
}

/** A package.json with these fields. */
export const pkg = (value: object) => JSON.stringify({ name: 'x', version: '1.0.0', ...value })

/** An installation of a test's own that can only build. */
export interface TestBuilder {
  readonly docker: Docker
  readonly home: string
  readonly installation: Installation
  /** Packs, receives and builds these files. */
  build(files: Record<string, string>, options?: BuildOptions): Promise<BuildOutcome>
  /** As its agent does. */
  restack(request: RestackRequest): Promise<RestackResult>
  /** Runs a command in an image that was built, without a network; gives what it printed. */
  run(image: string, command: readonly string[]): Promise<string>
  /** What builds may not leave behind. */
  leftovers(): Promise<string[]>
  destroy(): Promise<void>
}

async function imageOf(docker: Docker, name: string): Promise<string> {
  const found = await docker.images.find(`maru/${name}:latest`)
  if (found === undefined) throw new Error(`there is no image maru/${name}; run ./maru up once`)
  return found.id
}

interface Workshop {
  readonly docker: Docker
  readonly home: string
  readonly installation: Installation
  readonly config: AgentConfig
}

/** Makes the installation; `second` is the second octet of its address range. */
export async function makeTestBuilder(second: number): Promise<TestBuilder> {
  const workshop = await makeWorkshop(second)
  const { docker, home, installation } = workshop
  let releases = 0
  return {
    docker,
    home,
    installation,
    build: (files, options = {}) => {
      releases += 1
      return buildFiles(workshop, releases, files, options)
    },
    restack: (request) => restackSlug(request, workshop),
    run: (image, command) => runIn(workshop, image, command),
    leftovers: async () => {
      const left = await docker.containers.list({ [LABELS.owner]: installation.id })
      return left.map(({ name }) => name)
    },
    destroy: () => removeWorkshop(workshop),
  }
}

async function makeWorkshop(second: number): Promise<Workshop> {
  const docker = makeDocker(SOCKET)
  const id = randomBytes(4).toString('hex')
  const home = await mkdtemp('/var/tmp/maru-builds-')
  const installation: Installation = {
    id: `test-${id}`,
    name: `b${id}`,
    domain: 'test.localhost',
    createdAt: new Date().toISOString(),
    ports: { http: 20_000 + second, https: 21_000 + second },
    subnet: `10.${second}`,
  }
  const app = await imageOf(docker, 'app')
  const builder = await imageOf(docker, 'builder')
  const config: AgentConfig = {
    installation,
    version: '0.0.0',
    home,
    dockerSocket: SOCKET,
    host: HostIdentity.parse({
      name: 'test',
      dataCentre: 'dc1',
      address: '127.0.0.1',
      role: 'full',
      first: true,
    }),
    images: { app, builder, database: '', edge: '', detector: '' },
    hostCaBundle: HOST_CA,
    logLevel: 'error',
  }
  await mkdir(join(home, HOME.sources), { recursive: true })
  await docker.networks.create(addressesOf(installation).networks.build, installation.id)
  return { docker, home, installation, config }
}

async function buildFiles(
  workshop: Workshop,
  release: number,
  files: Record<string, string>,
  options: BuildOptions,
): Promise<BuildOutcome> {
  const request = await requestFor(workshop, release, files, options)
  const events: BuildEvent[] = []
  const started = performance.now()
  const limits = { memoryMb: 1024, cpus: 2, processes: 512, timeoutS: 180, ...options.limits }
  const log = makeLog('error', (line) => process.stderr.write(`${line}\n`))
  await runBuild(
    request,
    { ...workshop, log, limits },
    (event) => {
      events.push(event)
      if (event.type === 'log') options.onLine?.(event.line)
    },
    options.signal ?? new AbortController().signal,
  )
  const last = events.at(-1)
  return {
    result: last?.type === 'done' ? last.result : undefined,
    error: last?.type === 'failed' ? last.error : undefined,
    lines: events.flatMap((event) => (event.type === 'log' ? [event.line] : [])),
    seconds: (performance.now() - started) / 1000,
  }
}

/** Writes, packs and receives the files, as a deploy does. */
async function requestFor(
  { home }: Workshop,
  release: number,
  files: Record<string, string>,
  { app = `app${release}`, env = {} }: BuildOptions,
): Promise<BuildRequest> {
  const folder = join(home, 'tree', String(release))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const source = `src-${release}.tar.gz`
  const packed = await packSource(folder)
  const { recipe } = await receiveSource(packed.stream, join(home, HOME.sources, source))
  const request = { app, appId: `app_${app}0000`, release, source, recipe, env }
  return request as unknown as BuildRequest
}

async function runIn({ docker, installation }: Workshop, image: string, command: readonly string[]) {
  const spec = ContainerSpec.parse({
    name: `${installation.name}-run-${randomBytes(4).toString('hex')}`,
    component: 'run',
    image,
    entrypoint: [],
    command: [...command],
    networks: [],
    restart: 'no',
  })
  const container = await docker.containers.create(spec, installation.id)
  try {
    await docker.containers.start(container)
    await docker.containers.wait(container)
    let output = ''
    for await (const { line } of docker.containers.logs(container, { follow: false, tail: 'all' }))
      output += `${line}\n`
    return output.trim()
  } finally {
    await docker.containers.remove(container)
  }
}

async function removeWorkshop({ docker, home, installation }: Workshop): Promise<void> {
  const owned = { [LABELS.owner]: installation.id }
  for (const { id } of await docker.containers.list(owned)) await docker.containers.remove(id)
  for (const { id } of await docker.images.list(owned)) await docker.images.remove(id, { force: true })
  for (const volume of await docker.volumes.list(owned)) await docker.volumes.remove(volume)
  await docker.networks.remove(addressesOf(installation).networks.build.name)
  await rm(home, { recursive: true, force: true })
}
