import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, before, test } from 'node:test'
import { makeTestHost, type TestHost } from '#runtime/agent/test-host.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { EDGE_LIMITS } from './index.ts'

const HOST = '10.231.10.1'
/** What the attacker wants to hold. */
const WANTED = 1_500
let host: TestHost
let outside: TestNetwork

before(async () => {
  host = await makeTestHost(209)
  outside = await makeNetwork('slow')
  const end = `${outside.name.slice(0, 7)}-e`
  await outside.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', end, 'netns', String(process.pid))
  await outside.ip('address', 'add', '10.231.10.2/30', 'dev', 'eth0')
  await outside.ip('link', 'set', 'eth0', 'up')
  await run(['ip', 'address', 'add', `${HOST}/30`, 'dev', end])
  await run(['ip', 'link', 'set', end, 'up'])
})
after(async () => {
  await outside?.remove()
  await host?.destroy()
})

/** Holds as many connections as it gets, without ever ending a request, and comes again when it is cut off. */
const slowClient = (port: number, wants: number, seconds: number) => [
  process.execPath,
  '-e',
  `const {connect}=require('net');const end=Date.now()+${seconds}000;
const go=()=>{const s=connect(${port},'${HOST}');
s.on('connect',()=>s.write('GET / HTTP/1.1\\r\\nHost: slow\\r\\n'));s.on('error',()=>{});
s.on('close',()=>{if(Date.now()<end)setTimeout(go,100)})};
for(let n=0;n<${wants};n++)go();setTimeout(()=>process.exit(),${seconds}000)`,
]

/** What the edge counted at its door: the most connections at the same time, and those that it turned away. */
async function figures(): Promise<Record<string, number>> {
  const [names = '', ...rows] = ((await host.haproxy.ask('show stat')) ?? '').split('\n')
  const row = rows.find((line) => line.startsWith('http,FRONTEND,'))?.split(',') ?? []
  return Object.fromEntries(names.split(',').map((name, at) => [name, Number(row[at])]))
}

/** So many connections at the same time, each with a request that is answered. */
const manyClients = (port: number, count: number) => [
  process.execPath,
  '-e',
  `const {connect}=require('net');let ok=0,open=0;const all=[];
for(let n=0;n<${count};n++){const s=connect(${port},'${HOST}');all.push(s);s.on('error',()=>{});
s.on('connect',()=>{if(++open===${count})for(const one of all)one.write('GET / HTTP/1.1\\r\\nHost: none\\r\\n\\r\\n')});
s.once('data',()=>{if(++ok===${count}){console.log(ok);process.exit()}})}
setTimeout(()=>{console.log(ok);process.exit()},8000)`,
]

/** Status of an answer to somebody else; undefined when there was none within two seconds. */
const ask = (port: number) =>
  new Promise<number | undefined>((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: 2_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    request.on('timeout', () => request.destroy()).on('error', () => resolve(undefined))
  })

test('an office of 50 people behind one address with 200 connections is served', async () => {
  const { stdout } = await outside.run(manyClients(host.installation.ports.http, 200))
  assert.equal(stdout.trim(), '200')
})

test('a client that holds connections and comes again gets its share and no more; others are answered meanwhile', async (t) => {
  const { http } = host.installation.ports
  const attack = outside.run(slowClient(http, WANTED, 9))
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
    `${answered} of ${asked} answered; the attacker had ${smax} at most, was turned away ${dcon} times`,
  )
  assert.ok(asked > 20 && answered >= asked * 0.95)
  // One that is turned away counts for a moment, and so does who asks meanwhile.
  assert.ok(smax >= EDGE_LIMITS.connectionsPerSource && smax < WANTED - 200, `${smax}`)
  assert.ok(dcon > 0)
})
