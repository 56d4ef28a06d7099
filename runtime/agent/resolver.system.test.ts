import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { addressesOf, INSTANCE_PORT } from '#contract/installation.ts'
import { NO_POLICY, RESOLVER_COMPONENTS } from '#contract/network.ts'
import { RESOLVER_NAME } from '#platform/network/resolver-render.ts'
import { ruleOf } from '#platform/network/test-policy.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { answersName } from '#runtime/drivers/name-lookup.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { get, testApp, until } from './test-host.ts'

const SHOP = 'shop.test.localhost'
/** Says what it hears of the name that it is asked for, as any program of an app does. */
const PROGRAM = `require('http').createServer((q,r)=>q.url==='/health'?r.end('well'):require('dns').promises.resolve4(q.url.slice(1)).then(a=>r.end(a.join()),e=>r.end(e.code))).listen(${INSTANCE_PORT});process.on('SIGTERM',()=>process.exit(0))`

let agent: TestAgent
let generation = 10

/** Hands over the app with rules to these names. */
async function allow(...names: string[]): Promise<void> {
  generation += 1
  const instances = [agent.instance('web', 1, 1, PROGRAM, { traffic: 'serve' })]
  await agent.client.putWorkload(
    WorkloadConfig.parse({
      generation,
      network: {
        ...NO_POLICY,
        rules: names.map((name, at) => ruleOf(`rule-${at}`, 'app:shop', name, ['443'])),
      },
      apps: [{ ...testApp('shop'), instances, keepImages: [agent.image] }],
    }),
  )
}

const heard = async (name: string) => (await get(agent.host, SHOP, `/${name}`)).body
const component = async (name: string) =>
  (await agent.client.report(0, 0)).components.find((one) => one.component === name)
const bothAre = async (state: string) => {
  const found = await Promise.all(RESOLVER_COMPONENTS.map(component))
  return found.every((one) => one?.state === state)
}
const nameOf = (which: string) => `${agent.host.installation.name}-${which}`

before(async () => {
  agent = await makeTestAgent(190)
  await allow()
  await until('the app answers', async () => {
    // Until its certificate is there, the edge shows another.
    const answer = await get(agent.host, SHOP, '/health').catch(() => undefined)
    return answer?.status === 200
  })
  await until('both parts of the resolver answer', () => bothAre('ok'))
})
after(() => agent?.destroy())

test('a program of an app hears the platform’s names, and none that no rule allows', async () => {
  const { installation } = agent.host
  assert.equal(await heard(installation.domain), addressesOf(installation).edge.apps)
  assert.equal(await heard(SHOP), addressesOf(installation).edge.apps)
  assert.match(await heard('unheard.example.org'), /EREFUSED|ESERVFAIL/)
})

test('while rules about names change, a program hears what it may without a gap', async (t) => {
  const config = async () => {
    const found = await agent.containers({ [LABELS.component]: RESOLVER_COMPONENTS[1] })
    return found[0]?.id
  }
  const before = await config()
  let done = false
  const answers: string[] = []
  const asking = (async () => {
    while (!done) answers.push(await heard(SHOP))
  })()
  const began = performance.now()
  await allow('api.example.org', 'mail.example.org')
  await until('the second part is another', async () => ![undefined, before].includes(await config()))
  await until('both answer', () => bothAre('ok'))
  t.diagnostic(`both were replaced within ${Math.round(performance.now() - began)} ms`)
  done = true
  await asking
  t.diagnostic(`${answers.length} questions meanwhile`)
  assert.deepEqual([...new Set(answers)], [addressesOf(agent.host.installation).edge.apps])
})

test('one that is killed is back at once, and the other answers meanwhile', async (t) => {
  const [first] = RESOLVER_COMPONENTS
  const [address = ''] = addressesOf(agent.host.installation).names
  const began = performance.now()
  await run(['docker', 'kill', nameOf(first)])
  assert.equal(await heard(SHOP), addressesOf(agent.host.installation).edge.apps)
  await until('it answers again', () => answersName(address, RESOLVER_NAME))
  t.diagnostic(`it answered again ${Math.round(performance.now() - began)} ms after it was killed`)
})

test('one that is frozen is told of, and replaced', async () => {
  const [, second] = RESOLVER_COMPONENTS
  await until('both answer', () => bothAre('ok'))
  await run(['docker', 'pause', nameOf(second)])
  await until('the report says so', async () => (await component(second))?.state !== 'ok')
  await until('it is replaced', async () => (await component(second))?.state === 'ok')
})
