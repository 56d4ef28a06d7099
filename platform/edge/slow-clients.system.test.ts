import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { NetworkEvent } from '#contract/guard.ts'
import { HOME } from '#contract/installation.ts'
import { type Guard, startGuard } from '#runtime/agent/guard.ts'
import { makeTestHost, type TestHost, until } from '#runtime/agent/test-host.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { slowClient } from '#runtime/drivers/slow-client.ts'
import { makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { EDGE_LIMITS, makeEdgeDoor } from './index.ts'

const HOST = '10.231.10.1'
const OFFICE = '10.231.10.2'
const HOLDER = '10.231.10.3'
const SLOW = '10.231.10.4'
const EAGER = '10.231.10.5'
/** What the attacker wants to hold. */
const WANTED = 1_500
let host: TestHost
let outside: TestNetwork
let filter: TestNetwork
let guard: Guard

before(async () => {
  host = await makeTestHost(209)
  outside = await makeNetwork('slow')
  const end = `${outside.name.slice(0, 7)}-e`
  await outside.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', end, 'netns', String(process.pid))
  for (const address of [OFFICE, HOLDER, SLOW, EAGER])
    await outside.ip('address', 'add', `${address}/29`, 'dev', 'eth0')
  await outside.ip('link', 'set', 'eth0', 'up')
  await run(['ip', 'address', 'add', `${HOST}/29`, 'dev', end])
  await run(['ip', 'link', 'set', end, 'up'])
  filter = await makeNetwork('slow-filter')
  await mkdir(join(host.home, HOME.agent), { recursive: true })
  guard = await startGuard(
    { home: host.home, installation: host.installation },
    {
      log: makeLog('warn', (line) => process.stderr.write(`${line}\n`)),
      nft: makeNft(filter.enter),
      membership: { fleet: () => ({ hosts: [], services: {} }) },
      network: { enter: filter.enter, folder: '/proc/self/net' },
      door: {
        ...{ door: makeEdgeDoor(host.haproxy), address: HOST },
        port: host.installation.ports.https,
      },
    },
  )
})
after(async () => {
  await guard?.stop()
  await filter?.remove()
  await outside?.remove()
  await host?.destroy()
})

/** What the edge counted at its door: the most connections at the same time, and those that it turned away. */
async function figures(): Promise<Record<string, number>> {
  const [names = '', ...rows] = ((await host.haproxy.ask('show stat')) ?? '').split('\n')
  const row = rows.find((line) => line.startsWith('http,FRONTEND,'))?.split(',') ?? []
  return Object.fromEntries(names.split(',').map((name, at) => [name, Number(row[at])]))
}

/**
 * So many connections at the same time, each with requests that are answered, one after the other; as many again on which nothing is
 * ever said, as browsers keep them.
 */
const manyClients = (port: number, count: number, requests: number) => [
  process.execPath,
  '-e',
  `const {connect}=require('net');let ok=0,open=0;const all=[];
const to={port:${port},host:'${HOST}',localAddress:'${OFFICE}'};
const ask=(s)=>s.write('GET / HTTP/1.1\\r\\nHost: none\\r\\n\\r\\n');
for(let n=0;n<${count};n++){connect(to).on('error',()=>{});
const s=connect(to);all.push(s);let left=${requests};s.on('error',()=>{});
s.on('connect',()=>{if(++open===${count})all.forEach(ask)});
s.on('data',()=>{ok++;if(--left>0)ask(s)})}
setTimeout(()=>{console.log(ok);process.exit()},${EDGE_LIMITS.requestTimeoutS + 2}000)`,
]

/** Asks so often over one connection, without waiting for answers, until it is refused. */
const eagerClient = (port: number, requests: number) => [
  process.execPath,
  '-e',
  `const s=require('net').connect({port:${port},host:'${HOST}',localAddress:'${EAGER}'});
s.on('data',(d)=>{if(d.includes('HTTP/1.1 429 '))process.exit(0)});
s.write('GET / HTTP/1.1\\r\\nHost: none\\r\\n\\r\\n'.repeat(${requests}));setTimeout(()=>process.exit(1),9000)`,
]

const told = async (source: string): Promise<NetworkEvent[]> =>
  (await guard.report(0, 0, new AbortController().signal)).events.filter(
    ({ src_endpoint }) => src_endpoint.ip === source,
  )

/** Waits until the agent tells something of a source, and gives its words. */
const saidOf = (source: string, what: RegExp) =>
  until(`${source} to be told of`, async () => (await told(source)).find(({ message }) => what.test(message)))

/** Status of an answer to somebody else; undefined when there was none within two seconds. */
const ask = (port: number) =>
  new Promise<number | undefined>((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: 2_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    request.on('timeout', () => request.destroy()).on('error', () => resolve(undefined))
  })

test('an office of 50 people behind one address with 200 connections, and as many spare ones, is served', async () => {
  const { stdout } = await outside.run(manyClients(host.installation.ports.http, 200, 20))
  assert.equal(stdout.trim(), '4000')
})

test('a client that holds connections and comes again gets its share and no more; others are answered meanwhile, and people are told', async (t) => {
  const { http } = host.installation.ports
  const began = performance.now()
  const attack = outside.run(slowClient({ host: HOST, port: http, from: HOLDER, wants: WANTED, seconds: 9 }))
  const event = saidOf(HOLDER, /more than 1,000 connections/)
  const after = event.then(() => Math.round(performance.now() - began))
  let over = false
  void attack.then(() => {
    over = true
  })
  let [asked, answered] = [0, 0]
  while (!over) {
    asked++
    if ((await ask(http)) === 404) answered++
  }
  await attack
  const { smax = 0, dcon = 0 } = await figures()
  t.diagnostic(
    `${answered} of ${asked} answered; the attacker had ${smax} at most, was turned away ${dcon} times; told of ${await after} ms after its start`,
  )
  assert.ok(asked > 20 && answered >= asked * 0.95)
  // One that is turned away counts for a moment, and so does who asks meanwhile.
  assert.ok(smax >= EDGE_LIMITS.connectionsPerSource && smax < WANTED - 200, `${smax}`)
  assert.ok(dcon > 0)
  const { kind, severity_id, disposition, dst_endpoint } = await event
  assert.deepEqual([kind, severity_id, disposition, dst_endpoint.ip], ['exhaustion', 4, 'Blocked', HOST])
  await saidOf(HOLDER, /began requests and did not end them/)
})

test('who begins requests and does not end them is told of, also when it is far from its share of connections', async (t) => {
  const began = performance.now()
  const attack = outside.run(
    slowClient({ host: HOST, port: host.installation.ports.http, from: SLOW, wants: 100, seconds: 9 }),
  )
  const { kind, severity_id, count } = await saidOf(SLOW, /began requests and did not end them/)
  t.diagnostic(`told of ${Math.round(performance.now() - began)} ms after its start, ${count} times`)
  assert.deepEqual([kind, severity_id], ['exhaustion', 3])
  assert.ok(count >= EDGE_LIMITS.unendedPerSource)
  await attack
  assert.equal((await told(SLOW)).length, 1)
})

test('who asks more often than one source may is told of', async () => {
  const { exitCode } = await outside.run(
    eagerClient(host.installation.ports.http, EDGE_LIMITS.requestsPerSource + 2_000),
  )
  assert.equal(exitCode, 0)
  const { kind } = await saidOf(EAGER, /more than 30,000 requests .* answered with 429/)
  assert.equal(kind, 'exhaustion')
})

test('of the office nobody was told, nor of anybody else', async () => {
  const { events } = await guard.report(0, 0, new AbortController().signal)
  const sources = [...new Set(events.map(({ src_endpoint }) => src_endpoint.ip))].sort()
  assert.deepEqual(sources, [HOLDER, SLOW, EAGER])
})
