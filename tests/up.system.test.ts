import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import type { Instance } from '#contract/apps.ts'
import { HOME as OF_HOME } from '#contract/installation.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import type { UpResult } from '#platform/hosts/up.ts'
import { INSTANCE_COMPONENT, instanceContainer } from '#runtime/agent/instance-spec.ts'
import { groupOf } from '#runtime/drivers/cgroup-usage.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { readJson, readText } from '#runtime/drivers/files.ts'
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import {
  addressOf,
  cli,
  cliError,
  cliJson,
  cliOk,
  deploy,
  folderWith,
  greeter,
  HOME,
  installation,
  newApp,
  nodeApp,
  statusWhenWell,
  waitFor,
} from './harness.ts'
import { ask, ROOT_CERTIFICATE } from './https.ts'

const docker = makeDocker(DOCKER_SOCKET)
const UP = ['up', '--home', HOME]

test('a second up finds everything there and is quick', async () => {
  const done = await cliOk(UP)
  assert.ok(done.seconds <= 30, `${done.seconds} s`)
  assert.match(done.stdout + done.stderr, /already up|nothing to do/i)
})

test('of two ups at once, one names the other and changes nothing', async () => {
  const [first, second] = await Promise.all([cli([...UP, '--json']), cli([...UP, '--json'])])
  const refused = [first, second].filter(({ exitCode }) => exitCode !== 0)
  assert.equal(refused.length, 1, first.stderr + second.stderr)
  assert.match(refused[0]?.stderr ?? '', /"hosts\.locked"/)
  assert.match(refused[0]?.stderr ?? '', /process \d+/)
})

test('the status names every component and its memory, 1 GB in all', async () => {
  const status = await statusWhenWell(HOME)
  const names = status.components.map(({ component }) => component)
  for (const component of [
    'etcd',
    'postgres-1',
    'postgres-2',
    'pgproxy',
    'control',
    'edge',
    'agent',
    'resolver',
    'resolver-2',
    'detector',
  ])
    assert.ok(names.includes(component), `${component} is missing among ${names.join(', ')}`)
  const bytes = status.components.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0)
  assert.ok(bytes <= 2 ** 30, `${Math.round(bytes / 2 ** 20)} MB`)
})

test('the database, its store and the way to it come before other programs while processors are scarce', async () => {
  const engine = await docker.info()
  const name = installation.name
  for (const component of ['etcd', 'postgres-1', 'postgres-2', 'pgproxy']) {
    const pid = (await docker.containers.inspect(`${name}-${component}`))?.pid ?? 0
    const group = groupOf(await readFile(`/proc/${pid}/cgroup`, 'utf8'), 'cpu')?.path ?? ''
    const above = dirname(join('/sys/fs/cgroup', engine.cgroupVersion === '1' ? 'cpu' : '', group))
    // systemd puts each beside its services, where a container's own weight says it.
    if (engine.cgroupDriver === 'systemd') assert.match(above, /\.slice$/, component)
    else assert.equal(await weightOf(above), 8, `${component} in ${above}`)
  }
})

/** How many processes of the machine a group weighs. */
async function weightOf(group: string): Promise<number> {
  const shares = await readText(join(group, 'cpu.shares'))
  return shares === undefined
    ? Number(await readFile(join(group, 'cpu.weight'), 'utf8')) / 100
    : Number(shares) / 1024
}

test('the doctor finds nothing wrong', async () => {
  assert.equal((await cli(['doctor', '--home', HOME, '--json'])).exitCode, 0)
})

test('the platform answers at its address and shows its API', async () => {
  assert.equal((await ask(undefined, { path: '/health' })).status, 200)
  const api = JSON.parse((await ask(undefined, { path: '/openapi.json' })).body) as { openapi: string }
  assert.match(api.openapi, /^3\.1/)
  assert.equal((await ask(undefined, { path: '/v1/apps' })).status, 401)
  assert.match((await ask(undefined, { path: '/ca.crt' })).body, /BEGIN CERTIFICATE/)
  assert.match(addressOf(), /^https:/)
})

test('secrets on the disk can be read by their owner only', async () => {
  for (const path of [
    'secrets',
    'run/root.sock',
    'pki/root.key',
    'control/config.json',
    'agent/config.json',
  ]) {
    const { mode } = await stat(join(HOME, path))
    assert.equal(mode & 0o077, 0, `${path} is ${(mode & 0o777).toString(8)}`)
  }
})

test('a name that is not one is refused before anything happens', async () => {
  const refused = await cliError(['up', '--home', `${HOME}-other`, '--name', 'Not; a $(name)'])
  assert.equal(refused.exitCode, 2)
  await assert.rejects(stat(`${HOME}-other`))
})

/** Whether the one instance of an app is told an address of the platform. */
const hearsNames = async (name: string) => {
  const look = `const r=new (require('node:dns').Resolver)({timeout:1500,tries:1});r.resolve4(${JSON.stringify(installation.domain)},(error)=>process.exit(error?1:0))`
  return (await docker.containers.exec(name, ['node', '-e', look])).exitCode === 0
}
const instancesOf = (app: string) =>
  docker.containers.list({
    ...{ [LABELS.owner]: installation.id, [LABELS.component]: INSTANCE_COMPONENT, [LABELS.app]: app },
  })

/** Starts an app's instances anew as versions did before there was a resolver of the platform. */
async function startAsBefore(app: string): Promise<void> {
  const { apps } = WorkloadConfig.parse(await readJson(join(HOME, OF_HOME.agent, 'workload.json')))
  const wanted = apps.find((one) => one.app === app)
  assert.ok(wanted)
  const agent = `${installation.name}-agent`
  await docker.containers.freeze(agent)
  try {
    for (const one of wanted.instances) {
      const image = await docker.images.find(one.image)
      assert.ok(image)
      const spec = instanceContainer({ installation, home: HOME }, wanted, one, image)
      const address = (await docker.containers.inspect(spec.name))?.labels[LABELS.address] ?? ''
      await docker.containers.remove(spec.name)
      await docker.containers.start(await docker.containers.create(spec, installation.id, { address }))
    }
  } finally {
    await docker.containers.thaw(agent)
  }
}

test('instances of a version before, which hear no names, are replaced by up, without a gap', async (t) => {
  const app = newApp(t)
  await deploy(await folderWith(t, nodeApp(greeter('here'))), app)
  await startAsBefore(app)
  const before = await instancesOf(app)
  assert.ok(before.length > 0)
  const target = { host: '127.0.0.1', port: installation.ports.https, name: new URL(addressOf(app)).hostname }
  await waitFor('every instance to serve', async () => {
    const all = (await cliJson<{ instances: Instance[] }>(['ps', '--app', app])).instances
    return all.length === before.length && all.every(({ state }) => state === 'healthy')
  })
  for (const { name } of before) assert.equal(await hearsNames(name), false)
  const load = startHttpsLoad({ ...target, ca: ROOT_CERTIFICATE }, { kept: 1, fresh: 1 })
  t.after(() => load.stop())
  const { changes } = await cliJson<UpResult>(UP)
  await load.stop()
  assert.ok(changes.includes(`replaced the instances of ${app}, which heard no names`), changes.join('\n'))
  const now = await instancesOf(app)
  assert.equal(now.length, before.length)
  for (const { name } of now) assert.equal(await hearsNames(name), true)
  assert.deepEqual(load.seen().failures, [])
  assert.ok(load.seen().requests > 10)
})
