import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { newestImage, removeOwned, until } from '#runtime/agent/test-host.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { addressContainer, addressFiles } from './layout.ts'
import type { AddressDuty } from './plan.ts'
import { renderKeepalived } from './render.ts'

const docker = makeDocker('/var/run/docker.sock')
const owner = `test-${randomBytes(4).toString('hex')}`
const homes: string[] = []
after(async () => {
  await removeOwned(docker, owner)
  for (const home of homes) await rm(home, { recursive: true })
})

const DUTY: AddressDuty = {
  address: '203.0.113.9',
  peers: ['203.0.113.2', '203.0.113.3'],
  priority: 250,
  leaving: false,
  leavingPeers: [],
}

/** What keepalived says of a configuration, with the rights and folders that it has on a host. */
async function judge(change: (config: string) => string, duty: AddressDuty): Promise<number> {
  const home = await mkdtemp('/var/tmp/maru-test-')
  homes.push(home)
  const files = addressFiles(home)
  await mkdir(files.run, { recursive: true })
  await writeFile(files.gaveUp, '0\n')
  const place = { host: 'a1', own: '203.0.113.1', device: 'eth0', httpsPort: 443 }
  await writeFile(files.config, change(renderKeepalived(duty, place, files)), { mode: 0o600 })
  const spec = addressContainer({ name: owner }, home, await newestImage(docker, 'edge'))
  const test = {
    ...spec,
    command: ['keepalived', '--config-test', '--vrrp', `--use-file=${files.config}`],
    // A network of its own, with an interface of that name.
    networks: [{ name: 'bridge', aliases: [] }],
    restart: 'no' as const,
    init: true,
  }
  const id = await docker.containers.create(test, owner)
  await docker.containers.start(id)
  const ended = await until('keepalived to judge', async () => {
    const detail = await docker.containers.inspect(id)
    return detail?.state === 'exited' ? detail : undefined
  })
  await docker.containers.remove(id)
  return ended.exitCode
}

const asItIs = (config: string) => config

test('keepalived finds nothing wrong with what it is given, in its container', async () => {
  assert.equal(await judge(asItIs, DUTY), 0)
  assert.equal(await judge(asItIs, { ...DUTY, peers: [] }), 0)
  assert.equal(await judge(asItIs, { ...DUTY, leaving: true }), 0)
})

test('it would say so: a program that it may not run, and a word that it does not know', async () => {
  assert.notEqual(await judge((config) => config.replace('/usr/bin/openssl', '/tmp/openssl'), DUTY), 0)
  assert.notEqual(await judge((config) => config.replace('nopreempt', 'nopremt'), DUTY), 0)
})
