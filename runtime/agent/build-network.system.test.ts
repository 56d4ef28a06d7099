import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { makeTestBuilder, type TestBuilder } from '#platform/builds/test-builder.ts'
import { makeHostGuard, portTableOf } from '#platform/guard/host.ts'
import { hostLinks, linksOf } from '#runtime/drivers/container-links.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { makeBuildNetwork } from './build-network.ts'
import { type AtBridge, hostReaches, makeForger } from './test-forger.ts'
import { until } from './test-host.ts'

let host: TestBuilder
const nft = makeNft()
before(async () => {
  await installPrograms({ arping: 'arping', ping: 'iputils-ping' })
  host = await makeTestBuilder(229)
})
after(async () => {
  await nft.remove('bridge', portTableOf(host.installation))
  await host.destroy()
})

/** The steps that run now, as many as that. */
const stepsOf = ({ docker }: TestBuilder, network: string, count: number): Promise<AtBridge[]> =>
  until(`${count} steps to run`, async () => {
    const found = await Promise.all(
      (await docker.networks.members(network)).map(async (id) => {
        const detail = await docker.containers.inspect(id)
        const [link] = detail === undefined || detail.pid === 0 ? [] : await linksOf(detail.pid)
        const address = detail?.addresses[network]
        return detail && link && address ? [{ pid: detail.pid, card: link.card, address }] : []
      }),
    )
    return found.flat().length === count ? found.flat() : undefined
  })

test('a step of a Dockerfile speaks as its own address only, convinces nobody, and hears nothing of another, soon after it began', async () => {
  const { installation, docker } = host
  const { build } = addressesOf(installation).networks
  const guard = makeHostGuard(nft, installation)
  const network = makeBuildNetwork({
    ...{ config: { installation }, docker, log: makeLog('error', assert.fail) },
    guard: { bind: (ports) => guard.bind(ports) },
  })
  const over = new AbortController()
  const building = ['shop', 'blog'].map((app) =>
    host.build(
      { Dockerfile: `FROM maru/app:latest\nUSER 0\nRUN echo ${app} && sleep 120\nCMD ["true"]\n` },
      { app, signal: over.signal },
    ),
  )
  const [own, neighbour] = await stepsOf(host, build.name, building.length)
  assert.ok(own && neighbour)
  const other = `${installation.subnet}.2.77`
  // More than whoever has only the right to forge frames needs for it.
  const step = makeForger(own, neighbour, build)
  await step.take(other)
  assert.deepEqual([await step.isHeard(), await step.isHeard(other)], [true, true])
  assert.equal(await step.isHeardByCard(), true)
  assert.equal(await step.isBelieved(), true)
  assert.ok((await step.overhears()) > 0)
  const { release } = network.hold('shop')
  const shown = async () => (await nft.list('bridge', portTableOf(installation))) ?? ''
  await until('both ports to be bound', async () => {
    const text = await shown()
    return [own, neighbour].every(({ card, address }) => text.includes(`${card} . ${address}`))
  })
  assert.deepEqual([await step.isHeard(), await step.isHeard(other)], [true, false])
  assert.equal(await step.isHeardByCard(), false)
  assert.equal(await step.isBelieved(), false)
  assert.equal(await step.overhears(), 0)
  assert.equal(await hostReaches(neighbour.address), true)
  over.abort()
  await Promise.all(building)
  release()
  await until('nothing to be bound any more', async () => !(await shown()).includes(own.address))
  assert.equal([...(await hostLinks()).values()].includes(build.bridge), true)
})
