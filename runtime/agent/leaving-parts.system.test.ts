import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { after, before, beforeEach, test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import { Fleet } from '#contract/fleet.ts'
import { HostIdentity } from '#contract/host-identity.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { takeLock } from '#platform/hosts/lock.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { endLeavingParts } from './leaving-parts.ts'
import { newestImage, removeOwned } from './test-host.ts'

const docker = makeDocker('/var/run/docker.sock')
const log = makeLog('error', () => undefined)
const name = `t${process.pid.toString(36)}v`
const owner = `test-${name}`
const PARTS = ['etcd', 'etcd-2', 'postgres-2', 'control', 'way-postgres-1']
let home: string

before(async () => {
  home = await mkdtemp('/var/tmp/maru-test-')
})
after(async () => {
  await removeOwned(docker, owner)
  await rm(home, { recursive: true, force: true })
})
beforeEach(async () => {
  await removeOwned(docker, owner)
  const image = await newestImage(docker, 'base')
  for (const component of PARTS) {
    const common = { component, image, command: ['sleep', 'infinity'], networks: [], stopTimeoutS: 1 }
    await docker.containers.create(ContainerSpec.parse({ name: `${name}-${component}`, ...common }), owner)
    await docker.containers.start(`${name}-${component}`)
  }
})

const there = async () =>
  (await docker.containers.list({ [LABELS.owner]: owner })).map((one) => one.labels[LABELS.component]).sort()

/** A look of this host's agent, where the control plane has placed these. */
async function look(services: object, first = false): Promise<void> {
  const host = HostIdentity.parse({
    ...{ name: 'here', dataCentre: 'dc1', address: '192.0.2.1', role: 'full' },
    first,
  })
  const hosts = ['here', 'other'].map((one, at) => ({ name: one, address: `192.0.2.${at + 1}` }))
  const config = { installation: { id: owner, name }, home, host } as AgentConfig
  await endLeavingParts({
    config,
    docker,
    log,
    membership: { fleet: () => Fleet.parse({ hosts, services }) },
  })
}

test('members of the pair and of the store that have another host end, and nothing else', async () => {
  await look({ 'etcd-1': 'here', 'etcd-2': 'other', 'postgres-2': 'other', control: 'other' })
  assert.deepEqual(await there(), ['control', 'etcd', 'way-postgres-1'])
})

test('what nobody has placed stays, on a host that joined and on the first', async () => {
  await look({})
  await look({}, true)
  assert.deepEqual(await there(), [...PARTS].sort())
})

test('whoever else is at the containers is left alone', async () => {
  const release = await takeLock(home, 'up')
  await look({ 'etcd-1': 'other', 'postgres-2': 'other' })
  assert.deepEqual(await there(), [...PARTS].sort())
  release()
  await look({ 'etcd-1': 'other', 'postgres-2': 'other' })
  assert.deepEqual(await there(), ['control', 'etcd-2', 'way-postgres-1'])
})
