import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#runtime/drivers/process.ts'
import { cli, cliError, cliJson, cliOk, ROOT, waitFor } from '#tests/harness.ts'
import { documentedCommands } from '#tools/documented-commands.ts'
import {
  engineOf,
  enterArgv,
  findHost,
  findSite,
  freezeHost,
  giveImages,
  hostState,
  killHost,
  type Lab,
  openLab,
  runIn,
  setLine,
  startHost,
  thawHost,
} from './index.ts'
import { groupOf } from './lab.ts'
import { allProcesses, leftOf, processesOf } from './test-leftovers.ts'

const PORT = 7000
/** Says for how long it has been running, in its own count: what does not go on does not count. */
const SERVER = `let ticks = 0
setInterval(() => ticks++, 10)
require('node:http').createServer((request, response) => response.end(String(ticks))).listen(${PORT})`
/** A file system that file systems can be stacked upon. */
const folder = () => mkdtemp('/var/tmp/maru-lab-test-')

let lab: Lab
let home = ''
let other = ''
const servers = new Map<string, ChildProcess>()

before(async () => {
  home = await folder()
  other = await folder()
  await cliOk(['lab', 'up', '--home', home, '--no-platform', '--witness'])
  lab = await openLab(home, process.env)
  for (const name of ['dc1-h1', 'dc2-h1', 'witness']) await serve(name)
})
after(async () => {
  for (const one of [home, other]) {
    await cli(['lab', 'down', '--home', one])
    await rm(one, { recursive: true, force: true })
  }
})

/** Starts the server in a host; it lives as long as the host does. */
async function serve(name: string): Promise<void> {
  const [file, ...args] = await enterArgv(lab, name, [process.execPath, '-e', SERVER])
  servers.set(name, spawn(file, args, { stdio: 'inherit' }))
  await waitFor(`the server in ${name}`, () => reaches(name, name))
}

const get = (from: string, to: string) =>
  runIn(lab, from, ['curl', '--silent', '--fail', '--max-time', '2', `http://${to}:${PORT}/`])
const reaches = async (from: string, to: string) => (await get(from, to)).exitCode === 0
const ticks = async (name: string) => Number((await get('client', name)).stdout)

/** The namespaces of processes, by which they could be found if anything still held them. */
async function namespacesOf(pids: readonly number[]): Promise<Set<string>> {
  const kinds = ['net', 'mnt', 'pid', 'uts', 'ipc', 'cgroup']
  const links = pids.flatMap((pid) =>
    kinds.map((kind) => readlink(`/proc/${pid}/ns/${kind}`).catch(() => '')),
  )
  return new Set((await Promise.all(links)).filter(Boolean))
}

/**
 * The namespaces of a lab's processes, now; and, when asked again, those that are still there. The kernel gives the number of one
 * that has ended to the next that anybody makes, so only processes that are here already can hold the same one later.
 */
async function watchNamespaces(...homes: readonly string[]): Promise<() => Promise<string[]>> {
  const before = new Set(await allProcesses())
  const held = await namespacesOf((await Promise.all(homes.map(processesOf))).flat())
  const own = await namespacesOf([process.pid])
  return async () => {
    const still = await namespacesOf((await allProcesses()).filter((pid) => before.has(pid)))
    return [...held].filter((name) => still.has(name) && !own.has(name))
  }
}

/** What of a lab can be seen in this machine's own mounts, interfaces and packet filter, where nothing of it belongs. */
async function spilled(labHome: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  const names = ['wide', 'lan', 'uplink', 'tap0', 'client', ...lab.plan.sites.map(({ name }) => name)]
  const interfaces = (await readdir('/sys/class/net')).filter(
    (name) => names.includes(name) || /-h\d$/.test(name),
  )
  const tables = (await run(['nft', 'list', 'tables'])).stdout.split('\n')
  return [
    ...mounts.filter((line) => line.includes(labHome)),
    ...interfaces,
    ...tables.filter((line) => /^table inet lab$/.test(line)),
  ]
}

test('hosts reach each other by name across data centres, and the world outside', async () => {
  for (const to of ['dc1-h1', 'dc2-h1', 'witness'])
    for (const from of ['dc1-h1', 'dc2-h1', 'witness', 'client'])
      assert.ok(await reaches(from, to), `${from} does not reach ${to}`)
  const outside = await runIn(lab, 'dc2-h1', ['curl', '--silent', '--head', 'http://deb.debian.org/'])
  assert.match(outside.stdout, /^HTTP/)
})

test('a host is a machine of its own, with nothing of what this one has installed', async () => {
  const said = async (...argv: string[]) => (await runIn(lab, 'dc1-h1', argv)).stdout.trim()
  assert.equal(await said('hostname'), 'dc1-h1')
  assert.equal(await said('cat', '/proc/1/comm'), 'tini')
  assert.equal(
    await said('ls', '/etc/maru', '/var/lib/docker', '/var/lib/maru', home),
    `/var/lib/docker:\n\n/var/lib/maru:\n\n${home}:`,
  )
  await runIn(lab, 'dc1-h1', ['tee', '/etc/only-here'], { input: 'x' })
  assert.equal(existsSync('/etc/only-here'), false)
  assert.notEqual((await runIn(lab, 'dc2-h1', ['cat', '/etc/only-here'])).exitCode, 0)
})

test('nothing of a lab is in the mounts, the interfaces or the packet filter of this machine', async () => {
  assert.deepEqual(await spilled(home), [])
})

test('a cut line stops what goes over it and nothing else, and healing brings it back', async () => {
  await setLine(lab, findSite(lab, 'dc2'), false)
  const [status] = [await cli(['lab', 'status', '--home', home, '--json'])]
  assert.equal(status.exitCode, 1)
  assert.match(status.stdout, /"line": "cut"/)
  for (const [from, to] of [
    ['dc1-h1', 'dc2-h1'],
    ['dc2-h1', 'dc1-h1'],
    ['client', 'dc2-h1'],
  ] as const)
    assert.equal(await reaches(from, to), false, `${from} reaches ${to}`)
  for (const [from, to] of [
    ['dc1-h1', 'witness'],
    ['client', 'dc1-h1'],
    ['dc2-h1', 'dc2-h1'],
  ] as const)
    assert.ok(await reaches(from, to), `${from} does not reach ${to}`)
  await cliOk(['lab', 'link', 'dc2', 'heal', '--home', home])
  await waitFor('the healed line', () => reaches('dc1-h1', 'dc2-h1'))
})

test('kill ends all that runs in a host at once, and start brings the same disk and the engine back', async () => {
  const host = findHost(lab, 'dc1-h1')
  await runIn(lab, host.name, ['tee', '/root/kept'], { input: 'kept' })
  const engine = async () => (await (await engineOf(lab, host)).info()).rootDir
  assert.ok((await giveImages(lab, host)) > 0, 'the images of the installation under test')
  assert.equal(await engine(), '/var/lib/docker')
  const running = await processesOf(home)
  const server = servers.get(host.name) ?? assert.fail()
  await cliOk(['lab', 'host', host.name, 'kill', '--home', home])
  if (server.exitCode === null && server.signalCode === null) await once(server, 'close')
  const left = await processesOf(home)
  assert.ok(running.length - left.length >= 5, `${running.length} processes, then ${left.length}`)
  assert.equal(await hostState(lab, host), 'off')
  assert.equal(await reaches('client', host.name), false)
  await assert.rejects(runIn(lab, host.name, ['true']), { code: 'lab.host_off' })
  await startHost(lab, host)
  assert.equal((await runIn(lab, host.name, ['cat', '/root/kept'])).stdout, 'kept')
  assert.equal(await waitFor('the engine, by itself', engine), '/var/lib/docker')
  const container = ['docker', 'run', '--rm', '--network=none', 'maru/base:latest']
  const ran = await runIn(lab, host.name, [...container, 'cat', '/etc/debian_version'])
  assert.match(ran.stdout, /^13/, ran.stderr)
  await serve(host.name)
  assert.ok(await reaches('dc2-h1', host.name))
})

test('a frozen host does not go on, and a thawed one goes on where it was', async () => {
  const host = findHost(lab, 'dc2-h1')
  const since = await ticks(host.name)
  await freezeHost(lab, host)
  assert.equal(await reaches('client', host.name), false)
  await assert.rejects(runIn(lab, host.name, ['true']), { code: 'lab.host_frozen' })
  await thawHost(lab, host)
  const until = await ticks(host.name)
  // The request that went unanswered took two seconds, which are 200 ticks for who is awake.
  assert.ok(until >= since && until - since < 150, `${since}, then ${until}`)
})

test('the commands of the guide that need no platform work as they stand there', async () => {
  const needPlatform = /-- \.\/maru |lab\.internal|maru drill /
  const texts = documentedCommands('docs/guides/lab.md').map(({ text }) => text)
  const chosen = texts.filter((text) => !/ lab (up|down)/.test(text) && !needPlatform.test(text))
  assert.equal(chosen.length, 8)
  for (const text of chosen) {
    const [, group = '', command = '', ...rest] = text.split(' ')
    await cliOk([group, command, '--home', home, ...rest])
  }
  await serve('dc2-h1')
})

test('exec passes input, output and the exit code on', async () => {
  const at = ['lab', 'exec', '--home', home, 'dc1-h1', '--']
  const echoed = await cliOk([...at, 'cat'], { input: 'what goes in\n' })
  assert.equal(echoed.stdout, 'what goes in\n')
  assert.equal((await cli([...at, 'bash', '-c', 'exit 9'])).exitCode, 9)
  assert.equal((await cli([...at, 'bash', '-c', 'kill -TERM $$'])).exitCode, 143)
  const terminal = ['script', '-qec', `${join(ROOT, 'maru')} ${at.join(' ')} test -t 0`, '/dev/null']
  const [file = '', ...args] = terminal
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  assert.deepEqual(await once(child, 'close'), [0, null])
})

test('what is asked for wrongly is refused with the next step', async () => {
  const at = ['--home', home]
  assert.equal((await cliError(['lab', 'host', 'dc7-h1', 'kill', ...at])).code, 'lab.unknown_host')
  assert.equal((await cliError(['lab', 'link', 'dc7', 'cut', ...at])).code, 'lab.unknown_site')
  assert.equal((await cliError(['lab', 'up', '--data-centres', '3', ...at])).code, 'lab.other_shape')
  const none = await cliError(['lab', 'status', '--home', other])
  assert.deepEqual([none.code, none.exitCode], ['lab.not_up', 3])
})

test('a second lab stands beside the first, and its end after a kill in the middle of up leaves the first alone', async () => {
  const args = ['lab', 'up', '--home', other, '--no-platform']
  // What the group of a part is called, and the moment at which `up` dies with it.
  for (const part of ['net-dc1', 'host-dc2-h1/init']) {
    const up = spawn(join(ROOT, 'maru'), args, { stdio: 'ignore' })
    await waitFor(part, async () => globSync(`/sys/fs/cgroup/**/${groupOf(other)}/${part}`).length > 0)
    up.kill('SIGKILL')
    await once(up, 'close')
    const heldStill = await watchNamespaces(other)
    await cliOk(['lab', 'down', '--home', other])
    assert.deepEqual(await leftOf(other), [])
    assert.deepEqual(await spilled(other), [])
    assert.deepEqual(await heldStill(), [])
  }
  assert.ok(await reaches('client', 'witness'))
})

test('up after a kill in the middle completes the lab', async () => {
  const up = spawn(
    join(ROOT, 'maru'),
    ['lab', 'up', '--home', other, '--no-platform', '--data-centres', '1'],
    {
      stdio: 'ignore',
    },
  )
  await waitFor('a network', async () => globSync(`/sys/fs/cgroup/**/${groupOf(other)}/net-dc1`).length > 0)
  up.kill('SIGKILL')
  await once(up, 'close')
  await cliOk(['lab', 'up', '--home', other, '--no-platform'])
  const status = await cliJson<{ whole: boolean; sites: unknown[] }>(['lab', 'status', '--home', other])
  assert.deepEqual([status.whole, status.sites.length], [true, 1])
})

test('down leaves nothing, with a dead host, a frozen one and a cut line', async () => {
  await mkdir(other, { recursive: true })
  await writeFile(join(other, 'mine'), 'not the lab’s\n')
  await killHost(lab, findHost(lab, 'dc1-h1'))
  await freezeHost(lab, findHost(lab, 'dc2-h1'))
  await setLine(lab, findSite(lab, 'witness'), false)
  const heldStill = await watchNamespaces(home, other)
  for (const one of [home, other]) await cliOk(['lab', 'down', '--home', one])
  assert.deepEqual(await leftOf(home), [])
  // What somebody else has put into the folder stays, and the folder with it.
  assert.deepEqual(await leftOf(other), [other])
  assert.deepEqual(await readdir(other), ['mine'])
  assert.deepEqual(await heldStill(), [])
  assert.equal((await cliOk(['lab', 'down', '--home', home])).stdout, `There is no lab in ${home}.\n`)
})
