import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { makeTestBuilder, type TestBuilder } from '#platform/builds/test-builder.ts'
import { makeHostGuard, portTableOf } from '#platform/guard/host.ts'
import { hostLinks } from '#runtime/drivers/container-links.ts'
import { makeIp } from '#runtime/drivers/ip.ts'
import { inNamespaces } from '#runtime/drivers/namespaces.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { makeBuildNetwork } from './build-network.ts'
import { until } from './test-host.ts'

let host: TestBuilder
const nft = makeNft()
before(async () => {
  host = await makeTestBuilder(229)
})
after(async () => {
  await nft.remove('bridge', portTableOf(host.installation))
  await host.destroy()
})

/** The network of the step that runs now. */
async function stepOf({ docker }: TestBuilder, network: string): Promise<number> {
  return await until('a step to run', async () => {
    const [id] = await docker.networks.members(network)
    const pid = id === undefined ? 0 : ((await docker.containers.inspect(id))?.pid ?? 0)
    return pid > 0 ? pid : undefined
  })
}

test('a step of a Dockerfile speaks as its own address only, soon after it began', async () => {
  const { installation, docker } = host
  const { build } = addressesOf(installation).networks
  const guard = makeHostGuard(nft, installation)
  const network = makeBuildNetwork({
    ...{ config: { installation }, docker, log: makeLog('error', assert.fail) },
    guard: { bind: (ports) => guard.bind(ports) },
  })
  const over = new AbortController()
  const building = host.build(
    { Dockerfile: 'FROM maru/app:latest\nUSER 0\nRUN sleep 120\nCMD ["true"]\n' },
    { signal: over.signal },
  )
  const pid = await stepOf(host, build.name)
  const enter = (argv: readonly string[]) => inNamespaces(pid, ['net'], argv)
  const other = `${installation.subnet}.2.77`
  // More than whoever has only the right to forge frames needs for it.
  await makeIp(enter([])).change('address', 'add', `${other}/24`, 'dev', 'eth0')
  const isHeard = async (as: string) =>
    (await run(enter(['ping', '-c', '1', '-W', '1', '-I', as, build.gateway]), { timeoutMs: 5_000 }))
      .exitCode === 0
  assert.equal(await isHeard(other), true)
  const { release } = network.hold('shop')
  const shown = async () => (await nft.list('bridge', portTableOf(installation))) ?? ''
  const own = await until(
    'its port to be bound',
    async () => /" \. [0-9a-f:]{17} \. (\d+\.\d+\.2\.\d+)/.exec(await shown())?.[1],
  )
  assert.deepEqual([await isHeard(other), await isHeard(own)], [false, true])
  over.abort()
  await building
  release()
  await until('nothing to be bound any more', async () => !(await shown()).includes(own))
  assert.equal([...(await hostLinks()).values()].includes(build.bridge), true)
})
