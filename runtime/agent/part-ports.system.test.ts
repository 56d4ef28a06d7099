import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'
import { makeHostGuard } from '#platform/guard/host.ts'
import { convergePlatform } from '#platform/hosts/converge.ts'
import { removeTables } from '#platform/hosts/filter-tables.ts'
import { linksOf } from '#runtime/drivers/container-links.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { silent } from '#runtime/server/test-database.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { makePartPorts } from './part-ports.ts'
import { type AtBridge, hostReaches, makeForger } from './test-forger.ts'
import { newestImage, removeOwned, until } from './test-host.ts'

/** Containers where the parts of the platform are, on the real engine: one of them was broken into. */
const id = randomBytes(4).toString('hex')
const installation: Installation = {
  ...{ id: `test-${id}`, name: `t${id}`, domain: 'test.localhost', createdAt: new Date().toISOString() },
  ...{ ports: { http: 20_230, https: 21_230 }, subnet: '10.230' },
}
const { networks, postgres, pgproxy } = addressesOf(installation)
const { data, apps } = networks
const docker = makeDocker('/var/run/docker.sock')
const nft = makeNft()
const guard = makeHostGuard(nft, installation)
const holdParts = makePartPorts({ config: { installation }, docker, guard, log: silent })

before(async () => {
  await installPrograms({ arping: 'arping', ping: 'iputils-ping' })
  const image = await newestImage(docker, 'base')
  const part = (component: string, own: ContainerSpec['networks']) =>
    ContainerSpec.parse({
      ...{ name: `${installation.name}-${component}`, component, image, networks: own },
      command: ['/node', '-e', 'setInterval(() => {}, 1e6)'],
      mounts: [{ source: process.execPath, target: '/node', readOnly: true }],
    })
  const at = ({ name }: { name: string }, address: string) => ({ name, address, aliases: [] })
  const containers = [
    part('postgres-1', [at(data, postgres[0])]),
    part('postgres-2', [at(data, postgres[1])]),
    part('pgproxy', [at(data, pgproxy.data), at(apps, pgproxy.apps)]),
  ]
  const platform = { generation: 1, networks: [data, networks.edge, apps], containers }
  await convergePlatform({ docker, owner: installation.id }, platform)
})
after(async () => {
  await removeOwned(docker, installation.id)
  await removeTables(installation, nft)
})

async function partAt(component: string, address: string): Promise<AtBridge> {
  const found = await until(`${component} to run`, async () => {
    const pid = (await docker.containers.inspect(`${installation.name}-${component}`))?.pid ?? 0
    const [link] = pid > 0 ? await linksOf(pid) : []
    return link && { pid, card: link.card }
  })
  return { ...found, address }
}
const forger = async () =>
  makeForger(await partAt('postgres-1', postgres[0]), await partAt('postgres-2', postgres[1]), data)
const OTHER = '10.230.0.77'
const HONEST = [...postgres, pgproxy.data, pgproxy.apps]
const reached = () => Promise.all(HONEST.map(hostReaches))

test('before it is bound a part that was broken into speaks as another, is believed, and hears what is for it', async () => {
  const broken = await forger()
  await broken.take(OTHER)
  assert.deepEqual([await broken.isHeard(), await broken.isHeard(OTHER)], [true, true])
  assert.equal(await broken.isHeardByCard(), true)
  assert.equal(await broken.isBelieved(), true)
  assert.ok((await broken.overhears()) > 0)
})

test('bound it speaks as itself only, convinces nobody, and hears nothing of another; every part is reached in all its networks', async () => {
  await holdParts()
  const broken = await forger()
  assert.deepEqual([await broken.isHeard(), await broken.isHeard(OTHER)], [true, false])
  assert.equal(await broken.isHeardByCard(), false)
  assert.equal(await broken.isBelieved(), false)
  assert.equal(await broken.overhears(), 0)
  assert.deepEqual(
    await reached(),
    HONEST.map(() => true),
  )
})

test('a part that the engine starts again is heard at once, without an agent, and bound again by its next pass', async () => {
  const before = await partAt('postgres-1', postgres[0])
  process.kill(before.pid, 'SIGKILL')
  await until('it to run again', async () => {
    const { pid } = await partAt('postgres-1', postgres[0])
    return pid !== before.pid && (await hostReaches(postgres[0]))
  })
  const broken = await forger()
  await broken.take(OTHER)
  assert.equal(await broken.isHeard(OTHER), true)
  await holdParts()
  assert.deepEqual([await broken.isHeard(), await broken.isHeard(OTHER)], [true, false])
  assert.deepEqual(
    await reached(),
    HONEST.map(() => true),
  )
})
