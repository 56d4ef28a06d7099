import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { makeIp } from '#runtime/drivers/ip.ts'
import { silent } from '#runtime/server/test-database.ts'
import { makeBuildNetwork } from './build-network.ts'
import { until } from './test-host.ts'

const installation = {
  ...{ id: 'test-unbound', name: 'unbound', domain: 'test.localhost', subnet: '10.149' },
  ...{ createdAt: '2030-01-01T00:00:00Z', ports: { http: 20_149, https: 21_149 } },
}
const ip = makeIp([])

test('a build whose network cannot be closed to others ends, and says so; one after it has its time', async (t) => {
  const { bridge } = addressesOf(installation).networks.build
  await ip.change('link', 'add', bridge, 'type', 'bridge')
  t.after(() => ip.change('link', 'delete', bridge))
  await ip.change('link', 'add', 'unbound-step', 'type', 'veth', 'peer', 'name', 'unbound-far')
  t.after(() => ip.change('link', 'delete', 'unbound-step'))
  let tried = 0
  let isRefused = true
  const network = makeBuildNetwork({
    config: { installation },
    // The step is of nobody's container: what it is bound to does not matter here.
    docker: { networks: { members: async () => [] }, containers: {} } as never,
    guard: {
      bind: async () => {
        tried++
        if (isRefused) throw new Error('the kernel refuses')
        return true
      },
    },
    log: silent,
    patienceMs: 500,
  })
  const first = network.hold('shop')
  t.after(first.release)
  // Nobody is there yet: nothing has to be bound.
  assert.equal(first.failed.aborted, false)
  await ip.change('link', 'set', 'unbound-step', 'master', bridge)
  await until('the build to be ended', async () => first.failed.aborted, 10_000)
  assert.match(String(first.failed.reason), /the host could not keep its network apart from other builds/)
  isRefused = false
  const second = network.hold('blog')
  t.after(second.release)
  const before = tried
  await until('ten more tries', async () => tried >= before + 10)
  assert.equal(second.failed.aborted, false)
})
