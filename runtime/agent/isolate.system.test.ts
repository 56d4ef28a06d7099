import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { ContainerSpec, type NetworkSpec } from '#contract/agent.ts'
import { convergePlatform } from '#platform/hosts/converge.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { isolateBridge, keepBridgeIsolated } from './isolate.ts'
import { newestImage, until } from './test-host.ts'

const docker = makeDocker('/var/run/docker.sock')
const owner = `test-${randomBytes(4).toString('hex')}`
const network: NetworkSpec = {
  name: `${owner}-n`,
  subnet: '10.224.7.0/24',
  gateway: '10.224.7.1',
  bridge: 't211iso0',
  internal: true,
}
after(() => convergePlatform({ docker, owner }, { generation: 2, networks: [], containers: [] }))

test('containers on an isolated bridge cannot reach each other, also those that join later', async () => {
  const image = await newestImage(docker, 'node')
  const program = `require('net').createServer((s)=>s.end('hi')).listen(8080)`
  const container = (n: number) =>
    ContainerSpec.parse({
      name: `${owner}-${n}`,
      component: `c${n}`,
      image,
      command: ['node', '-e', program],
      networks: [{ name: network.name, address: `10.224.7.1${n}` }],
    })
  const wanted = { generation: 1, networks: [network], containers: [container(1), container(2)] }
  await convergePlatform({ docker, owner }, wanted)
  const ask = `const s=require('net').connect({host:'10.224.7.11',port:8080,timeout:1000},()=>{console.log('reached');process.exit()});s.on('timeout',()=>{console.log('cut');process.exit()}).on('error',()=>{console.log('refused');process.exit()})`
  const second = async () => (await docker.containers.exec(`${owner}-2`, ['node', '-e', ask])).stdout.trim()
  await until('reached before', async () => (await second()) === 'reached')
  const release = keepBridgeIsolated(network.bridge, assert.ifError)
  try {
    await until('cut', async () => (await second()) === 'cut')
    await docker.containers.remove(`${owner}-2`)
    await convergePlatform({ docker, owner }, wanted)
    await until('the new one is cut, too', async () => (await second()) === 'cut')
  } finally {
    release()
  }
  assert.equal(await isolateBridge(network.bridge), 0)
  assert.equal(await isolateBridge('t211none'), 0)
})
