import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { LABELS } from '#runtime/drivers/docker.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { get, serverProgram, testApp, until } from './test-host.ts'

let lab: TestAgent

before(async () => {
  lab = await makeTestAgent(206)
})
after(() => lab?.destroy())

const answerOf = async (app: string) => (await get(lab.host, testApp(app).hostNames[0] ?? '')).body
const containersOf = (app: string) => lab.containers({ [LABELS.app]: app })

/** Container name → address, of the apps' running instances. */
async function addresses(): Promise<Map<string, string | undefined>> {
  const all = [...(await containersOf('shop')), ...(await containersOf('blog'))]
  return new Map(all.map((one) => [one.name, Object.values(one.addresses)[0]]))
}

test('after a restart of everything without the agent, each app answers at its own address', async () => {
  const serving = (app: string) =>
    [1, 2].map((n) => lab.instance('web', n, 1, serverProgram(app), { traffic: 'serve' }))
  await lab.applied(await lab.put(['shop', serving('shop')], ['blog', serving('blog')]))
  await until(
    'both answer',
    async () => (await answerOf('shop')) === 'shop' && (await answerOf('blog')) === 'blog',
  )
  const before = await addresses()
  assert.equal(new Set(before.values()).size, 4)
  assert.ok(![...before.values()].includes(undefined))
  await lab.stop()
  const { containers } = lab.host.docker
  const [shop, blog] = [await containersOf('shop'), await containersOf('blog')]
  for (const { id } of [...shop, ...blog]) await containers.stop(id, 0)
  // The order in which an engine would give the first one's address to the other.
  for (const { id } of [...blog.toReversed(), ...shop.toReversed()]) await containers.start(id)
  assert.deepEqual(await addresses(), before)
  for (const app of ['shop', 'blog']) {
    await until(
      `${app} answers again`,
      async () => (await get(lab.host, testApp(app).hostNames[0] ?? '')).status === 200,
    )
    assert.equal(await answerOf(app), app)
  }
  await lab.start()
})

test('an address that was given up is not the next one to be given away', async () => {
  const before = await addresses()
  const program = (app: string) => lab.instance('web', 1, 2, serverProgram(app), { traffic: 'serve' })
  await lab.applied(await lab.put(['shop', [program('shop')]], ['blog', [program('blog')]]))
  const old = new Set(before.keys())
  await until('the old ones are gone', async () =>
    [...(await addresses()).keys()].every((name) => !old.has(name)),
  )
  const taken = [...(await addresses()).values()]
  assert.deepEqual(
    taken.filter((address) => [...before.values()].includes(address)),
    [],
  )
})
