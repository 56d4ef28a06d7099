import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import tar from 'tar-stream'
import { ContainerSpec, type PlatformConfig } from '#contract/agent.ts'
import { AppId, AppName } from '#contract/ids.ts'
import { addressesOf, HOME, INSTANCE_PORT, type Installation } from '#contract/installation.ts'
import { IMAGE_LABEL } from '#images/build-images.ts'
import { edgeContainer, edgeFiles, issuedBy, NONE_YET, prepareEdge } from '#platform/edge/index.ts'
import { convergePlatform } from '#platform/hosts/converge.ts'
import { removeTables } from '#platform/hosts/filter-tables.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { type Docker, LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { type Haproxy, makeHaproxy } from '#runtime/drivers/haproxy.ts'
import { makeNft } from '#runtime/drivers/nft.ts'

/** An installation of a test's own on the real engine: networks and edge, no control plane and no database. */
export interface TestHost {
  readonly docker: Docker
  readonly installation: Installation
  readonly home: string
  readonly authority: Authority
  readonly haproxy: Haproxy
  readonly platform: PlatformConfig
  readonly images: { readonly base: string; readonly edge: string; readonly detector: string }
  /** Removes every object that the installation owns, and its folder. */
  destroy(): Promise<void>
}

const SOCKET = '/var/run/docker.sock'

/** The newest stack image of that name. */
export async function newestImage(docker: Docker, name: string): Promise<string> {
  const found = (await docker.images.list({}))
    .filter(({ tags }) => tags.some((tag) => tag.startsWith(`maru/${name}:`)))
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0]
  if (found === undefined) throw new Error(`there is no image maru/${name}; run ./maru up once`)
  return found.id
}

/**
 * Makes a host for one test file. `second` is the second octet of its addresses: each file has its own. With another host's
 * authority it is one that joined: it knows the root, and has no key to sign with.
 */
export async function makeTestHost(second: number, joins?: Authority): Promise<TestHost> {
  const docker = makeDocker(SOCKET)
  const id = randomBytes(4).toString('hex')
  const home = await mkdtemp('/var/tmp/maru-test-')
  const installation: Installation = {
    id: `test-${id}`,
    name: `t${id}`,
    domain: 'test.localhost',
    createdAt: new Date().toISOString(),
    ports: { http: 20_000 + second, https: 21_000 + second },
    subnet: `10.${second}`,
  }
  const images = {
    base: await newestImage(docker, 'base'),
    edge: await newestImage(docker, 'edge'),
    detector: await newestImage(docker, 'detector'),
  }
  const authority = joins ?? (await openAuthority(join(home, HOME.pki)))
  const certificates = joins === undefined ? issuedBy(authority, 'test-host') : NONE_YET
  if (joins !== undefined) {
    await mkdir(join(home, HOME.pki))
    await writeFile(join(home, HOME.pki, 'root.crt'), joins.rootPem)
  }
  await prepareEdge({ installation, home, rootPem: authority.rootPem, certificates, now: () => new Date() })
  const { edge, apps } = addressesOf(installation).networks
  const platform: PlatformConfig = {
    generation: 1,
    networks: [edge, apps],
    containers: [edgeContainer(installation, home, images.edge)],
  }
  const haproxy = makeHaproxy(edgeFiles(home))
  await convergePlatform({ docker, owner: installation.id }, platform)
  await until('the edge answers', async () => (await haproxy.ask('show info')) !== undefined)
  const destroy = () => destroyHost(docker, installation.id, home)
  return { docker, installation, home, authority, haproxy, platform, images, destroy }
}

/** Removes everything of an owner that the engine keeps. */
export async function removeOwned(docker: Docker, owner: string): Promise<void> {
  const mine = { [LABELS.owner]: owner }
  for (const { id } of await docker.containers.list(mine)) await docker.containers.remove(id)
  for (const { id } of await docker.images.list(mine)) await docker.images.remove(id, { force: true })
  for (const { name } of await docker.networks.list(mine)) await docker.networks.remove(name)
  for (const name of await docker.volumes.list(mine)) await docker.volumes.remove(name)
}

async function destroyHost(docker: Docker, owner: string, home: string): Promise<void> {
  await removeOwned(docker, owner)
  await removeTables({ id: owner }, makeNft())
  await rm(home, { recursive: true, force: true })
}

/** Polls until `check` gives something truthy; fails after `timeoutMs` naming what was waited for. */
export async function until<T>(
  what: string,
  check: () => Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value) return value as NonNullable<T>
    if (Date.now() > end) throw new Error(`timed out: ${what}`)
    await pause(25)
  }
}

/** An image with Node as `node`, owned by the test's installation and by the app `shop`: the stack image, with other labels. */
export async function buildNodeImage(host: TestHost): Promise<string> {
  const context = tar.pack()
  const from = await newestImage(host.docker, 'node')
  const own = `${LABELS.owner}=${host.installation.id} ${LABELS.appId}=${testApp('shop').appId}`
  // Called otherwise than the stack's, of which only the newest are kept.
  context.entry({ name: 'Dockerfile' }, `FROM ${from}\nLABEL ${own} ${IMAGE_LABEL}=test\n`)
  context.finalize()
  return host.docker.images.build(Readable.from(context), {}, () => {})
}

/** A server in JavaScript that answers with `answer` and 200 on /health, for `node -e`. */
export const serverProgram = (answer: string) =>
  `require('http').createServer((q,r)=>{r.setHeader('x-seen',JSON.stringify(q.headers));r.end(${JSON.stringify(answer)})}).listen(${INSTANCE_PORT});process.on('SIGTERM',()=>process.exit(0))`

/** An app's container without the agent: the test's own Node runs the program. */
export const programContainer = (host: TestHost, name: string, program: string) =>
  ContainerSpec.parse({
    name: `${host.installation.name}-${name}`,
    component: 'instance',
    image: host.images.base,
    command: ['/node', '-e', program],
    networks: [{ name: addressesOf(host.installation).networks.apps.name }],
    mounts: [{ source: process.execPath, target: '/node', readOnly: true }],
  })

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** A GET through the edge with the root certificate verified. */
export function get(
  host: TestHost,
  hostName: string,
  path = '/',
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: host.installation.ports.https,
        servername: hostName,
        ca: host.authority.rootPem,
        path,
        headers: { host: hostName, ...headers },
        agent: false,
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => {
          body += text
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        )
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end()
  })
}

export const testApp = (name: string) => ({
  app: AppName.parse(name),
  appId: AppId.parse(`app_${name}0000`),
  hostNames: [`${name}.test.localhost`],
})
