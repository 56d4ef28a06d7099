import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { docker, leftovers } from '../tools/test-installation.ts'
import { cliError, cliOk, HOME, installation } from './harness.ts'
import { ownEngine } from './own-engine.ts'

const WHERE = { name: installation.name, home: HOME, httpPort: 0, httpsPort: 0, subnet: installation.subnet }

test('destroy asks for the right name', async () => {
  const refused = await cliError(['destroy', '--home', HOME, '--confirm', 'another'])
  assert.equal(refused.code, 'hosts.name_mismatch')
})

test('down stops and keeps the data, up starts it again', async () => {
  await cliOk(['down', '--home', HOME])
  const running = await docker('ps', '--filter', `name=^${installation.name}-`, '--format', '{{.Names}}')
  assert.equal(running, '')
  await cliOk(['up', '--home', HOME])
  await cliOk(['apps'])
})

test('destroy refuses while somebody else’s container is in a network of the installation, and changes nothing', async (t) => {
  const network = addressesOf(installation).networks.apps.name
  const guest = `guest-of-${installation.name}`
  await docker('run', '--detach', '--name', guest, '--network', network, 'maru/base:latest', 'sleep', '600')
  t.after(() => docker('rm', '--force', guest))
  const refused = await cliError(['destroy', '--home', HOME, '--confirm', installation.name])
  assert.equal(refused.code, 'hosts.network_in_use')
  assert.match(refused.message, new RegExp(`^${guest} of yours is in the network ${network}`))
  await cliOk(['apps'])
})

test('destroy removes every trace of the installation and nothing else', async (t) => {
  // An engine that the installation started ends with it, so somebody else's things can only be on another one.
  const shared = (await ownEngine()) === undefined
  // Named as if it were ours, but without the label that proves it.
  const foreign = `other-${installation.name}-apps`
  if (shared) await docker('network', 'create', '--internal', foreign)
  t.after(() => docker('network', 'rm', foreign))
  const filter = async () => (await makeNft().tables()).filter(({ name }) => name.includes(installation.id))
  assert.notDeepEqual(await filter(), [])
  const keep = process.env.MARU_TEST_KEEP_IMAGES ? ['--keep-images'] : []
  await cliOk(['destroy', '--home', HOME, '--confirm', installation.name, ...keep])
  assert.deepEqual(await leftovers(WHERE), [])
  assert.deepEqual(await filter(), [])
  const left = await docker('network', 'ls', '--filter', `name=^${foreign}$`, '--format', '{{.Name}}')
  assert.equal(left, shared ? foreign : '')
})
