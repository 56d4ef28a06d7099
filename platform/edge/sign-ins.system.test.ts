import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { createServer, request as httpsRequest, type Server } from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { accountRoutes } from '#contract/accounts.ts'
import { GUARD_LIMITS, GuardOrders } from '#contract/guard.ts'
import { CONTROL_NAME } from '#contract/host-identity.ts'
import { addressesOf, HOME } from '#contract/installation.ts'
import { type Guard, startGuard } from '#runtime/agent/guard.ts'
import { makeTestHost, type TestHost, until } from '#runtime/agent/test-host.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { makeEdgeDoor, readEdge } from './index.ts'

const GUESSER = '10.231.19.1'
const OTHER = '10.231.19.2'
const COUNTED = '10.231.19.3'
/** A customer of IPv6 has a whole network. */
const [SIX, SIX_TOO, SIX_OTHER] = ['2001:db8:231:19::1', '2001:db8:231:19::2', '2001:db8:231:20::1']
const LIMIT = GUARD_LIMITS.failedSignIns
const { login, signIn } = accountRoutes
let host: TestHost
let network: TestNetwork
let control: Server
let guard: Guard
let own: string[] = []
/** Sign-ins that reached the control plane. */
let asked = 0

before(async () => {
  host = await makeTestHost(219)
  network = await makeNetwork('door')
  const { control: at, controlPort } = addressesOf(host.installation)
  own = [at.edge, GUESSER, OTHER, COUNTED, SIX, SIX_TOO, SIX_OTHER]
  for (const address of own) await run(['ip', 'address', 'add', address, 'dev', 'lo'])
  control = await stranger(at.edge, controlPort)
  await mkdir(join(host.home, HOME.agent), { recursive: true })
  guard = await start()
  // At first HAProxy takes everybody to be there: it has to have seen it.
  await until('the edge has seen it', async () =>
    (await readEdge(host.haproxy))?.servers.some(
      ({ backend, health }) => backend === 'control' && health === 'up',
    ),
  )
  assert.equal((await ask(OTHER, 'GET', '/')).status, 200)
})
after(async () => {
  await guard?.stop()
  control?.close()
  for (const address of own) await run(['ip', 'address', 'delete', address, 'dev', 'lo'])
  await network?.remove()
  await host?.destroy()
})

/** Stands where the control plane does, and knows nobody. */
async function stranger(address: string, port: number): Promise<Server> {
  const names = { commonName: CONTROL_NAME, dnsNames: [CONTROL_NAME], days: 1 }
  const { certPem: cert, keyPem: key } = await host.authority.issue(names)
  const server = createServer({ cert, key }, ({ method }, response) => {
    if (method === 'POST') asked++
    response.writeHead(method === 'POST' ? 401 : 200).end()
  })
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  return server
}

const start = () =>
  startGuard(
    { home: host.home, installation: host.installation },
    {
      log: makeLog('warn', (line) => process.stderr.write(`${line}\n`)),
      nft: makeNft(network.enter),
      membership: { fleet: () => ({ hosts: [], services: {} }) },
      network: { enter: network.enter, folder: '/proc/self/net' },
      door: {
        ...{ door: makeEdgeDoor(host.haproxy), address: '10.231.19.9' },
        port: host.installation.ports.https,
      },
    },
  )

function ask(from: string, method: string, path: string): Promise<{ status: number; retryAfter: number }> {
  return new Promise((resolve, reject) => {
    const to = from.includes(':') ? '::1' : '127.0.0.1'
    const { https: port } = host.installation.ports
    const name = { servername: host.installation.domain, ca: host.authority.rootPem, agent: false }
    const headers = { host: host.installation.domain }
    const request = httpsRequest(
      { ...name, host: to, port, path, method, headers, localAddress: from },
      (answer) => {
        answer.resume()
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, retryAfter: Number(answer.headers['retry-after']) }),
        )
      },
    )
    request.on('error', reject)
    request.end()
  })
}

/** Tries to sign in so often, over both doors and one written otherwise; gives the last answer. */
async function guess(from: string, times: number) {
  const paths = [login.path, signIn.path, '/v1/%6cogin?x=1']
  let last = { status: 0, retryAfter: 0 }
  for (let n = 0; n < times; n++) last = await ask(from, 'POST', paths[n % paths.length] ?? '')
  return last
}
const report = () => guard.report(0, 0, new AbortController().signal)
const blockOf = async (source: string) => (await report()).blocks.find((block) => block.source === source)

test('who fails too often is turned away at the edge, whoever he says to be; nobody else, and nothing else', async () => {
  assert.equal((await guess(GUESSER, LIMIT)).status, 401)
  // The edge's window slides: its count can be behind by one.
  await guess(GUESSER, 1)
  const before = asked
  const turned = await guess(GUESSER, 3)
  assert.deepEqual([turned.status, turned.retryAfter], [429, 900])
  assert.equal(asked, before)
  assert.equal((await ask(GUESSER, 'GET', signIn.path)).status, 200)
  assert.equal((await guess(OTHER, 1)).status, 401)
  const event = await until('it is told of', async () => (await report()).events[0])
  assert.deepEqual(
    [event.kind, event.src_endpoint.ip, event.disposition, event.severity_id],
    ['password guessing', GUESSER, 'Blocked', 3],
  )
  assert.equal(await blockOf(GUESSER), undefined)
})

test('who goes on may not sign in for a while, also when the edge has forgotten him and the agent starts anew', async () => {
  assert.equal((await guess(GUESSER, GUARD_LIMITS.turnedAwaySignIns)).status, 429)
  const block = await until('it is held', () => blockOf(GUESSER))
  assert.deepEqual([block.kind, block.times], ['sign-in', 1])
  assert.match(block.reason, /^it failed to sign in 5[01] times within 15 minutes, and went on \d+ times$/)
  const isHeld = async () => {
    const { status, retryAfter } = await ask(GUESSER, 'POST', login.path)
    return status === 429 && retryAfter <= GUARD_LIMITS.holdFirstS
  }
  await until('the edge knows', isHeld)
  await guard.stop()
  // As after a crash, whose successor nobody teaches.
  await host.haproxy.ask('clear table sign-ins')
  assert.equal((await ask(GUESSER, 'POST', login.path)).status, 401)
  guard = await start()
  await until('the edge knows again', isHeld)
  assert.equal((await ask(OTHER, 'POST', login.path)).status, 401)
})

test('who is let in may sign in at once', async () => {
  const lifted = [{ source: GUESSER, at: new Date().toISOString() }]
  await guard.putOrders(GuardOrders.parse({ partners: [], engagements: [], blocks: [], lifted }))
  assert.equal(await blockOf(GUESSER), undefined)
  assert.equal((await ask(GUESSER, 'POST', login.path)).status, 401)
})

test('a network of IPv6 is one source', async () => {
  await guess(SIX, LIMIT + 1)
  assert.equal((await guess(SIX_TOO, 1)).status, 429)
  assert.equal((await guess(SIX_OTHER, 1)).status, 401)
})

test('what was counted, and who is held, outlives a reload of the edge', async () => {
  await guard.stop()
  await guess(COUNTED, LIMIT - 1)
  const counts = async () =>
    (await host.haproxy.ask('show table sign-ins'))?.match(new RegExp(`${COUNTED} .*`))?.[0]
  const before = await counts()
  assert.match(before ?? '', / gpc0=49 gpc0_rate\(900000\)=49 /)
  assert.ok((await host.haproxy.reload()).ok)
  await until('the counts to be there', async () => (await counts()) !== undefined)
  assert.match((await counts()) ?? '', / gpc0=49 gpc0_rate\(900000\)=49 /)
  // The edge's window slides: its count can be behind by one.
  await guess(COUNTED, 2)
  assert.equal((await guess(COUNTED, 1)).status, 429)
})
