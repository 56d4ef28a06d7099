import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import {
  BLOCKS,
  chooseBlock,
  hostsOf,
  joiningOf,
  LabShape,
  planLab,
  renderHostsFile,
  renderShape,
  renderTranslation,
  sharedAddressOf,
  USUAL_SHAPE,
} from './plan.ts'

const golden = (name: string, text: string) => assertGolden(import.meta.dirname, name, text)
const routeTo = (address: string, bits: number) => ({
  address: address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0),
  mask: 2 ** 32 - 2 ** (32 - bits),
})

test('the usual lab with a witness', () => {
  const plan = planLab('maru-lab-0c1d2e', 10, { ...USUAL_SHAPE, witness: true })
  golden('usual-with-witness.json', JSON.stringify(plan, null, 2))
  golden('hosts.txt', renderHostsFile(plan))
})

test('whatever leaves is translated', () => golden('translation.nft', renderTranslation('tap0')))

test('in the largest lab every address is another, and inside the range for tests', () => {
  const shape = LabShape.parse({ dataCentres: 9, hostsPerDataCentre: 9, witness: true })
  for (const block of [0, BLOCKS - 1]) {
    const plan = planLab('maru-lab-0c1d2e', block, shape)
    const addresses = [
      plan.wide.router,
      plan.client.address,
      plan.outside.nameServer,
      ...plan.sites.flatMap(({ gateway, uplink }) => [gateway, uplink]),
      ...hostsOf(plan).map(({ address }) => address),
      ...plan.sites.flatMap((site) => sharedAddressOf(site) ?? []),
    ]
    assert.equal(hostsOf(plan).length, 82)
    assert.equal(new Set(addresses).size, addresses.length)
    for (const address of addresses) assert.match(address, /^198\.1[89]\.(\d{1,3})\.(\d{1,3})$/)
  }
})

test('hosts share an address where there are several in a data centre', () => {
  const shared = (hostsPerDataCentre: number) =>
    planLab('x', 0, { dataCentres: 1, hostsPerDataCentre, witness: false }).sites.map(sharedAddressOf)
  assert.deepEqual([shared(1), shared(2)], [[undefined], ['198.18.1.200']])
})

test('labs of two blocks have no network in common', () => {
  const shape = LabShape.parse({ dataCentres: 9, hostsPerDataCentre: 1, witness: true })
  const networks = [10, 11].flatMap((block) => {
    const { wide, outside, sites } = planLab('x', block, shape)
    return [wide.subnet, outside.subnet, ...sites.map(({ subnet }) => subnet)]
  })
  assert.equal(new Set(networks).size, networks.length)
})

test('a block that a route of this machine touches is passed over', () => {
  assert.equal(chooseBlock(10, []), 10)
  assert.equal(chooseBlock(10, [routeTo('198.18.160.0', 24)]), 11)
  assert.equal(chooseBlock(31, [routeTo('198.19.255.0', 24)]), 0)
  assert.equal(chooseBlock(10, [routeTo('198.18.0.0', 15)]), undefined)
  assert.equal(chooseBlock(10, [routeTo('10.0.0.0', 8)]), 10)
})

test('a host of each place joins before another of the same, so that parts that are placed at once are apart', () => {
  const plan = planLab('maru-lab-0c1d2e', 10, { ...USUAL_SHAPE, hostsPerDataCentre: 2, witness: true })
  const names = joiningOf(plan).map(({ name }) => name)
  assert.deepEqual(names, ['dc2-h1', 'witness', 'dc1-h2', 'dc2-h2'])
})

test('a shape reads as words', () => {
  assert.equal(renderShape(USUAL_SHAPE), '2 data centres with 1 host each')
  assert.equal(
    renderShape({ dataCentres: 1, hostsPerDataCentre: 3, witness: true }),
    '1 data centre with 3 hosts each and a witness',
  )
})
