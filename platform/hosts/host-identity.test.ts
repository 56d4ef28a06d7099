import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultDevice, hostNameOf, identifyHost, saveHostIdentity } from './host-identity.ts'

const NAMES: ReadonlyArray<readonly [string, string]> = [
  ['web1', 'web1'],
  ['Web1.example.org', 'web1'],
  ['my_machine', 'my-machine'],
  ['10-20-30-40', 'host'],
  ['4cores', 'cores'],
  ['', 'host'],
  ['-', 'host'],
  [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
]

for (const [machine, name] of NAMES)
  test(`a machine named ${JSON.stringify(machine)} is the host ${name}`, () =>
    assert.equal(hostNameOf(machine), name))

test('the device of the way out is the one of the default route', () => {
  const table = `Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask
eth1\t0000590A\t00000000\t0001\t0\t0\t0\t0000FFFF
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000
`
  assert.equal(defaultDevice(table), 'eth0')
  assert.equal(defaultDevice('Iface\tDestination\n'), undefined)
})

test('what the first up said of the host stays; its address may change', async () => {
  const home = await mkdtemp(join(tmpdir(), 'maru-identity-'))
  try {
    const made = await identifyHost(home, { dataCentre: 'north', address: '10.0.0.1' })
    assert.deepEqual(
      [made.dataCentre, made.address, made.role, made.first],
      ['north', '10.0.0.1', 'full', true],
    )
    await saveHostIdentity(home, made)
    assert.deepEqual(await identifyHost(home, {}), made)
    assert.equal((await identifyHost(home, { address: '10.0.0.9' })).address, '10.0.0.9')
    await assert.rejects(identifyHost(home, { dataCentre: 'south' }), { code: 'invalid' })
    await saveHostIdentity(home, { ...made, first: false })
    await assert.rejects(identifyHost(home, { address: '10.0.0.9' }), { code: 'invalid' })
    await assert.rejects(identifyHost(home, { address: 'here' }), { code: 'invalid' })
  } finally {
    await rm(home, { recursive: true })
  }
})
