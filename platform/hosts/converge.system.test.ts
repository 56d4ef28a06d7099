import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { ContainerSpec, type PlatformConfig } from '#contract/agent.ts'
import { newestImage } from '#runtime/agent/test-host.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { convergePlatform } from './converge.ts'

const docker = makeDocker('/var/run/docker.sock')
const owner = `test-${randomBytes(4).toString('hex')}`
const image = await newestImage(docker, 'base')
const network = (name: string, third: number) => ({
  name: `${owner}-${name}`,
  subnet: `10.215.${third}.0/24`,
  gateway: `10.215.${third}.1`,
  bridge: `t214${name}`,
  internal: true,
})
const container = (name: string, more: object = {}) =>
  ContainerSpec.parse({
    name: `${owner}-${name}`,
    component: name,
    image,
    command: ['sleep', 'infinity'],
    networks: [{ name: `${owner}-a`, address: '10.215.1.10' }, { name: `${owner}-b` }],
    ...more,
  })
const config = (...containers: ContainerSpec[]): PlatformConfig => ({
  generation: 1,
  networks: [network('a', 1), network('b', 2)],
  containers,
})
const converge = (wanted: PlatformConfig) => convergePlatform({ docker, owner }, wanted)

after(async () => {
  await converge({ generation: 2, networks: [], containers: [] })
  assert.deepEqual(await docker.containers.list({ [LABELS.owner]: owner }), [])
  assert.deepEqual(await docker.networks.list({ [LABELS.owner]: owner }), [])
})

test('what is wanted appears once, with its networks and addresses', async () => {
  assert.equal((await converge(config(container('one')))).length, 4)
  assert.deepEqual(await converge(config(container('one'))), [])
  const have = await docker.containers.inspect(`${owner}-one`)
  assert.equal(have?.addresses[`${owner}-a`], '10.215.1.10')
  assert.ok(have?.addresses[`${owner}-b`])
})

test('a change by hand is undone: stopped, cut off, removed', async () => {
  const wanted = config(container('one'))
  const name = `${owner}-one`
  await docker.containers.stop(name, 0)
  assert.deepEqual(await converge(wanted), [`start ${name}`])
  await docker.networks.disconnect(`${owner}-b`, name)
  assert.match((await converge(wanted)).join(), /remove .*changed.*create/)
  await docker.containers.remove(name)
  assert.match((await converge(wanted)).join(), /^create .*start/)
  assert.deepEqual(await converge(wanted), [])
})

test('a network that was removed while nothing ran, as prune does, comes back and is joined', async () => {
  const wanted = config(container('one'))
  const name = `${owner}-one`
  await docker.containers.stop(name, 0)
  await docker.networks.remove(`${owner}-a`)
  assert.match((await converge(wanted)).join(), /^create network .*remove .*changed.*start/)
  assert.equal((await docker.containers.inspect(name))?.addresses[`${owner}-a`], '10.215.1.10')
  assert.deepEqual(await converge(wanted), [])
})

test('a changed spec replaces the container; the address moves to its successor', async () => {
  const before = await docker.containers.inspect(`${owner}-one`)
  await converge(config(container('one', { env: { A: 'b' } })))
  const now = await docker.containers.inspect(`${owner}-one`)
  assert.notEqual(now?.id, before?.id)
  assert.equal(now?.addresses[`${owner}-a`], '10.215.1.10')
})

test("another owner's containers and the workload are left alone", async () => {
  const foreign = container('foreign', { networks: [] })
  await docker.containers.create(foreign, `${owner}-other`)
  const instance = container('inst', { component: 'instance', networks: [] })
  // As the engine's builder makes them for a moment, with the labels of the image.
  const step = container('step', { component: '', networks: [] })
  const kept = [foreign, instance, step]
  await docker.containers.create(instance, owner)
  await docker.containers.create(step, owner)
  try {
    await converge(config(container('one', { env: { A: 'b' } })))
    for (const { name } of kept) assert.ok(await docker.containers.inspect(name), name)
  } finally {
    for (const { name } of kept) await docker.containers.remove(name)
  }
})
