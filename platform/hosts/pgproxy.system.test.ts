import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ContainerSpec, type PlatformConfig } from '#contract/agent.ts'
import { addressesOf, HOME, POSTGRES_HOST, UID } from '#contract/installation.ts'
import { makeTestHost, type TestHost, until } from '#runtime/agent/test-host.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { isRetiredName } from '#runtime/drivers/hand-over.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'
import { inNamespaces } from '#runtime/drivers/namespaces.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { writePgproxy } from './component-files.ts'
import { convergePlatform } from './converge.ts'
import { pgproxyFiles } from './database-tier.ts'
import { handingOver } from './handing-over.ts'
import { platformConfig } from './platform-config.ts'

/** Stands for a member of the pair: it says that it is the primary, and answers with what it is sent. */
const MEMBER = `
const { readFileSync } = require('fs')
const [key, cert] = [readFileSync('/tls/key'), readFileSync('/tls/cert')]
require('https').createServer({ key, cert }, (q, r) => r.writeHead(process.env.ROLE === q.url ? 200 : 503).end()).listen(8008)
require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(5432)
`

let host: TestHost
let platform: PlatformConfig
const proxyName = () => `${host.installation.name}-pgproxy`

before(async () => {
  host = await makeTestHost(217)
  const { installation, home, authority, images } = host
  const { networks, postgres } = addressesOf(installation)
  await ensureFolder(join(home, HOME.pgproxy), 0o755)
  const owner = { uid: UID.pgproxy, gid: UID.pgproxy }
  await ensureFolder(join(home, HOME.pgproxy, 'run'), 0o700, owner)
  const input = { installation, home, rootPem: authority.rootPem }
  const files = { pgproxy: await writePgproxy(input) }
  const all = platformConfig({
    ...{ installation, home, files, generation: 1, hostCaBundle: '', canPrivilege: true },
    host: { first: true, role: 'full' },
    images: { database: images.base, patroni: images.base, edge: images.edge, platform: images.base },
  })
  const proxy = all.containers.filter(({ component }) => component === 'pgproxy')
  const tls = join(home, 'tls')
  await mkdir(tls)
  const made = await authority.issue({ commonName: 'member', dnsNames: [POSTGRES_HOST], days: 1 })
  await writeFile(join(tls, 'cert'), made.certPem)
  await writeFile(join(tls, 'key'), made.keyPem)
  const member = (n: number, role: string) =>
    ContainerSpec.parse({
      name: `${installation.name}-member-${n}`,
      component: `member-${n}`,
      image: images.base,
      command: ['/node', '-e', MEMBER],
      env: { ROLE: role },
      networks: [{ name: networks.data.name, address: postgres[n - 1] }],
      mounts: [
        { source: process.execPath, target: '/node', readOnly: true },
        { source: tls, target: '/tls', readOnly: true },
      ],
    })
  platform = {
    generation: 1,
    networks: [networks.data, networks.edge, networks.apps],
    containers: [member(1, '/primary'), ...proxy, ...host.platform.containers],
  }
  await converge(platform)
  // Until its first check of a server, the proxy takes it for a primary.
  await until('the proxy to know the primary', () => isDown(2))
  assert.ok(await echoes())
})
after(() => host?.destroy())

/** What the proxy that serves says over its own interface. */
const say = async (command: string) =>
  (await makeHaproxy({ admin: pgproxyFiles(host.home).admin, master: '' }).ask(command)) ?? ''
const isDown = async (member: number) =>
  new RegExp(`^\\d+ primary \\d+ postgres-${member} \\S+ 0 `, 'm').test(await say('show servers state'))

async function converge(config: PlatformConfig): Promise<string[]> {
  const deps = { docker: host.docker, owner: host.installation.id }
  return await convergePlatform({ ...deps, handOver: handingOver({ ...deps, home: host.home }) }, config)
}

/** A connection as an app's driver holds it. */
async function open(): Promise<{ ask(text: string): Promise<string>; socket: Socket }> {
  const { pgproxy, postgresPort } = addressesOf(host.installation)
  const socket = connect(postgresPort, pgproxy.apps)
  socket.on('error', () => {})
  await once(socket, 'connect')
  const ask = async (text: string) => {
    const answered = once(socket, 'data', { signal: AbortSignal.timeout(3000) })
    socket.write(text)
    return String((await answered)[0])
  }
  return { ask, socket }
}

async function echoes(): Promise<boolean> {
  try {
    const { ask, socket } = await open()
    return (await ask('hello').finally(() => socket.destroy())) === 'hello'
  } catch {
    // Refused, ended or silent: no answer is no answer.
    return false
  }
}

/** The platform with a newer image of the proxy, as `maru up --renew edge` brings it. */
const newer = (round: number): PlatformConfig => ({
  ...platform,
  containers: platform.containers.map((spec) =>
    spec.component === 'pgproxy' ? { ...spec, env: { ROUND: String(round) } } : spec,
  ),
})

test('the way to the database is replaced twice: connections go on, and none is refused meanwhile', async (t) => {
  const [kept, counted] = [await open(), { connections: 0, failed: 0 }]
  const over = new AbortController()
  t.after(() => {
    over.abort()
    kept.socket.destroy()
  })
  const visitors = (async () => {
    while (!over.signal.aborted) {
      counted.connections += 1
      if (!(await echoes())) counted.failed += 1
    }
  })()
  const keeper = await host.docker.containers.inspect(`${proxyName()}-net`)
  for (const round of [1, 2]) {
    const before = await host.docker.containers.inspect(proxyName())
    const steps = await converge(newer(round))
    assert.deepEqual(steps, [`hand ${proxyName()} over to a new one from ${host.images.edge}`])
    assert.notEqual((await host.docker.containers.inspect(proxyName()))?.id, before?.id)
    assert.equal(await kept.ask(`still here after ${round}`), `still here after ${round}`)
    const goal = counted.connections + 50
    await until('more connections', async () => counted.connections > goal)
  }
  over.abort()
  await visitors
  t.diagnostic(`${counted.connections} new connections, ${counted.failed} failed`)
  assert.equal(counted.failed, 0)
  assert.equal((await host.docker.containers.inspect(`${proxyName()}-net`))?.id, keeper?.id)

  const retired = async () =>
    (await host.docker.containers.list({ 'maru.owner': host.installation.id })).filter(({ name }) =>
      isRetiredName(name),
    )
  const serving = async () => (await retired()).filter(({ state }) => state === 'running').length
  await until('only the process with the open connection to go on', async () => (await serving()) === 1)
  assert.equal(await kept.ask('and still'), 'and still')
  kept.socket.destroy()
  await until('it to end with its last connection', async () => (await serving()) === 0)
  await converge(newer(2))
  assert.deepEqual(await retired(), [])
})

test('who waits for a primary that does not answer any more is told when it counts as gone', async (t) => {
  const member = await host.docker.containers.inspect(`${host.installation.name}-member-1`)
  assert.ok(member)
  const nft = makeNft(inNamespaces(member.pid, ['net'], []))
  t.after(() => nft.load('delete table ip silence'))
  await nft.load('table ip silence { chain silent { type filter hook input priority 0; policy drop; }; }')
  const waiting: Promise<unknown>[] = []
  await until('the proxy to take it for gone', async () => {
    const { socket } = await open()
    socket.write('hello')
    waiting.push(once(socket, 'close', { signal: AbortSignal.timeout(20_000) }))
    return await isDown(1)
  })
  const ends = await Promise.allSettled(waiting)
  assert.deepEqual(
    ends.filter(({ status }) => status === 'rejected'),
    [],
    `of ${ends.length} connections`,
  )
  await until('it to hold none of them', async () => !/ srv=postgres-1 /.test(await say('show sess')))
})

test('when what keeps its addresses dies, the way is made anew', async () => {
  await host.docker.containers.kill(`${proxyName()}-net`)
  await until('the way to be back', async () => {
    await converge(newer(2))
    return await echoes()
  })
})
