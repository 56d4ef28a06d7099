import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { addressesOf, HOME } from '#contract/installation.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { get, serverProgram, testApp, until } from './test-host.ts'

let lab: TestAgent

before(async () => {
  lab = await makeTestAgent(212)
})
after(() => lab?.destroy())

const report = async () => lab.client.report(0, 0)
const instances = async (app: string) => (await report()).instances.filter((it) => it.app === app)

test('a deploy: healthy without traffic, then traffic, then the old release goes', async () => {
  const web = [1, 2].map((n) => lab.instance('web', n, 1, serverProgram('v1')))
  await lab.put(['shop', web])
  await until('both healthy', async () => {
    const have = await instances('shop')
    return have.length === 2 && have.every(({ state }) => state === 'healthy')
  })
  assert.equal((await get(lab.host, 'shop.test.localhost')).status, 503)
  const serving = web.map((it) => ({ ...it, traffic: 'serve' as const }))
  await lab.applied(await lab.put(['shop', serving]))
  assert.equal((await get(lab.host, 'shop.test.localhost')).body, 'v1')
  const next = [1, 2].map((n) => lab.instance('web', n, 2, serverProgram('v2')))
  await lab.put(['shop', [...serving, ...next]])
  await until(
    'all healthy',
    async () => (await instances('shop')).filter((it) => it.state === 'healthy').length === 4,
  )
  const draining = web.map((it) => ({ ...it, traffic: 'drain' as const }))
  const nextServing = next.map((it) => ({ ...it, traffic: 'serve' as const }))
  await lab.applied(await lab.put(['shop', [...draining, ...nextServing]]))
  assert.equal((await get(lab.host, 'shop.test.localhost')).body, 'v2')
  await lab.applied(await lab.put(['shop', nextServing]))
  const left = () => lab.containers({ [LABELS.app]: 'shop' })
  await until('old ones are gone', async () => (await left()).length === 2)
})

test('instances are confined and cannot reach each other', async () => {
  const [first, second] = await lab.containers({ [LABELS.app]: 'shop' })
  assert.ok(first && second)
  const status = await lab.host.docker.containers.exec(first.id, [
    'sh',
    '-c',
    'id -u; cat /proc/1/status; touch /x; echo $?',
  ])
  assert.match(status.stdout, /^10002\n/)
  assert.match(status.stdout, /NoNewPrivs:\t1/)
  assert.match(status.stdout, /CapBnd:\t0000000000000000/)
  assert.match(status.stdout, /Seccomp:\t2/)
  assert.doesNotMatch(status.stdout, /\n0\n$/)
  const address = Object.values(second.addresses)[0]
  const ask = `fetch('http://${address}:8080/',{signal:AbortSignal.timeout(1500)}).then(()=>console.log('reached'),()=>console.log('cut'))`
  const result = await lab.host.docker.containers.exec(first.id, ['node', '-e', ask])
  assert.equal(result.stdout.trim(), 'cut')
})

test('instances reach neither what listens on the host nor link-local addresses', async () => {
  const [first] = await lab.containers({ [LABELS.app]: 'shop' })
  assert.ok(first)
  const server = createServer((socket) => socket.end('host'))
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const { gateway } = addressesOf(lab.host.installation).networks.apps
    const targets = [
      `${gateway}:${port}`,
      '169.254.169.254:80',
      `${addressesOf(lab.host.installation).edge.apps}:${lab.host.installation.ports.https}`,
    ]
    const ask = `const net=require('net');for(const t of ${JSON.stringify(targets)}){const [host,port]=t.split(':');
      const s=net.connect({host,port,timeout:1500},()=>{console.log(t,'open');s.destroy()});
      s.on('timeout',()=>{console.log(t,'cut');s.destroy()}).on('error',()=>console.log(t,'cut'))}`
    const { stdout } = await lab.host.docker.containers.exec(first.id, ['node', '-e', ask])
    assert.deepEqual(
      stdout.trim().split('\n').sort(),
      [`${targets[2]} open`, `${targets[0]} cut`, `${targets[1]} cut`].sort(),
    )
  } finally {
    server.close()
  }
})

test('what is wrong with an instance is said in words', async () => {
  await lab.put(
    ['silent', [lab.instance('web', 1, 1, 'setInterval(()=>{},1000)')]],
    ['crasher', [lab.instance('web', 1, 1, 'console.log("last words");process.exit(3)')]],
    ['hungry', [lab.instance('worker', 1, 1, 'const a=[];for(;;)a.push(Buffer.alloc(1e7,1))')]],
    ['gone', [lab.instance('web', 1, 1, '', { image: 'maru/none:1' })]],
    ['worker', [lab.instance('worker', 1, 1, 'setInterval(()=>{},1000)')]],
  )
  const detail = async (app: string) => (await instances(app))[0]?.detail ?? ''
  await until('silent', async () => /does not answer on port 8080/.test(await detail('silent')))
  await until('crasher', async () => /exited with code 3 \(\d+ restarts?\)/.test(await detail('crasher')))
  // Beside tests that fill memory and fork without end it takes its time.
  await until('hungry', async () => /ran out of its 512 MB of memory/.test(await detail('hungry')), 180_000)
  await until('gone', async () => /its image is not here yet/.test(await detail('gone')))
  await until('worker', async () => (await instances('worker'))[0]?.state === 'healthy')
  assert.ok((await lab.client.lastLog('crasher', 1, 5)).includes('web.1 last words'))
})

test('an older generation is refused; the same one again is fine', async () => {
  const old = WorkloadConfig.parse({ generation: 0, apps: [] })
  await assert.rejects(lab.client.putWorkload(old), { code: 'hosts.stale_generation' })
})

test('a container that someone removed or changed comes back; the agent works on alone after a restart', async () => {
  const serving = [lab.instance('web', 1, 5, serverProgram('v5'), { traffic: 'serve' })]
  await lab.applied(await lab.put(['shop', serving]))
  await until('v5 answers', async () => (await get(lab.host, 'shop.test.localhost')).body === 'v5')
  await lab.stop()
  const [container] = await lab.containers({ [LABELS.app]: 'shop' })
  assert.ok(container)
  await lab.host.docker.containers.remove(container.id)
  await lab.start()
  await until('it is back', async () => (await get(lab.host, 'shop.test.localhost')).body === 'v5')
  await lab.host.docker.containers.remove(`${lab.host.installation.name}-edge`)
  await until('the edge is back', async () => {
    const answer = await get(lab.host, 'shop.test.localhost').catch(() => undefined)
    return answer?.body === 'v5'
  })
})

test('a long poll waits for the next report', async () => {
  // The edge has been made anew by the test before.
  const { sequence } = await until('the edge to be told of as well', async () => {
    const now = await report()
    const edge = now.components.find(({ component }) => component === 'edge')
    return edge?.state === 'ok' ? now : undefined
  })
  const next = await lab.client.report(sequence, 10_000)
  assert.ok(next.sequence > sequence)
  assert.equal(next.components.find(({ component }) => component === 'edge')?.state, 'ok')
  assert.ok((next.disk?.totalMb ?? 0) > 0)
})

test('destroying an app removes its images and caches', async () => {
  const { appId } = testApp('shop')
  await lab.host.docker.volumes.ensure(`${lab.host.installation.name}-cache-shop`, {
    [LABELS.owner]: lab.host.installation.id,
    [LABELS.appId]: appId,
  })
  await lab.applied(await lab.put())
  await lab.client.removeApp(appId)
  const labels = { [LABELS.owner]: lab.host.installation.id, [LABELS.appId]: appId }
  assert.deepEqual(await lab.host.docker.volumes.list(labels), [])
  assert.deepEqual(await lab.host.docker.images.list(labels), [])
  const text = await readFile(join(lab.host.home, HOME.edge, 'haproxy.cfg'), 'utf8')
  assert.doesNotMatch(text, /shop/)
})
