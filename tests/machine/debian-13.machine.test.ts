import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { run } from '#runtime/drivers/process.ts'
import { type DebianMachine, makeMachine } from '../../tools/debian-machine.ts'
import { ROOT } from '../../tools/source-tree.ts'

const CLONE = '/root/maru'
const ENGINE_SETTINGS = 'etc/systemd/system/docker.service.d/50-maru.conf'
const CLOSING_NEED = 'etc/systemd/system/docker.service.d/60-maru-closed.conf'
const CLOSING = 'maru-closed.service'
const BUILD_SETTINGS = 'etc/systemd/system/maru-build-.slice.d/50-maru.conf'
if (!process.env.MARU_TEST_RUN) throw new Error('run the machine tests with `./maru test machine`')
const SOON_MS = 300_000
let machine: DebianMachine

before(async () => {
  machine = await makeMachine('trixie', Number(process.env.MARU_TEST_RUN))
  const cloned = await run(['git', 'clone', '--quiet', '--no-hardlinks', ROOT, join(machine.root, CLONE)])
  assert.equal(cloned.exitCode, 0, cloned.stderr)
  await machine.boot()
})
after(() => machine?.cutPower())

/** Runs a program in the machine; gives what it printed. */
async function inside(...argv: string[]): Promise<string> {
  const done = await machine.run(argv, { timeoutMs: 900_000 })
  assert.equal(done.exitCode, 0, `${argv.join(' ')}:\n${done.stdout}\n${done.stderr}`)
  return done.stdout.trim()
}

/** Asks until the program succeeds and prints what is accepted; gives what it printed. */
async function soon(argv: readonly string[], accept = (_text: string) => true): Promise<string> {
  const end = performance.now() + SOON_MS
  for (;;) {
    const { exitCode, stdout, stderr } = await machine.run(argv, { timeoutMs: 60_000 })
    if (exitCode === 0 && accept(stdout.trim())) return stdout.trim()
    assert.ok(performance.now() < end, `${argv.join(' ')}: not in time:\n${stdout}\n${stderr}`)
    await delay(500)
  }
}

/** Seconds since the power came back, for the reader of the test's output. */
const sinceOf = (start: number) =>
  `${Math.round((performance.now() - start) / 1000)} s after the power came back`

const address = (app: string, path = '/') => `https://${app}.maru.localhost${path}`
const ask = (app: string, path?: string) =>
  ['curl', '--fail', '--silent', '--cacert', '/root/maru-root.crt', address(app, path)] as const
const running = () => inside('docker', 'ps', '--format', '{{.Names}}')

test('up on a bare Debian 13 with systemd', async (t) => {
  const said = await inside(`${CLONE}/maru`, 'up')
  t.diagnostic(/Maru is up \(.*?\)/.exec(said)?.[0] ?? said)
  const engine = await inside('docker', 'info', '--format', '{{.ServerVersion}} {{.LiveRestoreEnabled}}')
  t.diagnostic(`Docker Engine ${engine}`)
  assert.match(engine, /^26\..* true$/)
  assert.match(await inside('docker', 'info', '--format', '{{.SecurityOptions}}'), /no-new-privileges/)
  assert.equal(await inside('systemctl', 'is-enabled', 'docker'), 'enabled')
  await writeFile(join(machine.root, 'root/maru-root.crt'), await inside('maru', 'ca'))
})

test('apps deploy and answer over HTTPS, and the doctor has no finding', async () => {
  for (const app of ['notes', 'dockerfile-app']) await inside('maru', 'deploy', `${CLONE}/examples/${app}`)
  await inside(...ask('dockerfile-app'))
  await inside(
    'curl',
    '--fail',
    '--silent',
    '--cacert',
    '/root/maru-root.crt',
    '--data',
    'body=kept',
    address('notes'),
  )
  assert.match(await inside(...ask('notes', '/notes.json')), /kept/)
  assert.doesNotMatch(await inside('maru', 'doctor'), /✗/)
  assert.match(await inside('maru', 'status'), /answers/)
})

/** When a unit began or was done with its work, in the time of the machine's boot; 0: it did not. */
const moment = async (unit: string, what: string) =>
  Number(await inside('systemctl', 'show', '--property', what, '--value', unit))

test('after a power cut everything comes back by itself', async (t) => {
  await machine.cutPower()
  const since = performance.now()
  await machine.boot()
  assert.match(await soon(ask('notes', '/notes.json')), /kept/)
  t.diagnostic(`the app answered ${sinceOf(since)}`)
  const [closed, engine] = [
    await moment(CLOSING, 'ActiveEnterTimestampMonotonic'),
    await moment('docker', 'ExecMainStartTimestampMonotonic'),
  ]
  assert.ok(closed > 0 && closed < engine, `closed at ${closed}, the engine began at ${engine}`)
  await soon(
    ['nft', 'list', 'tables'],
    (tables) => /maru_ports_/.test(tables) && !/maru_closed_/.test(tables),
  )
  await soon(ask('dockerfile-app'))
  await soon(['maru', 'doctor'])
  t.diagnostic(`the doctor had no finding ${sinceOf(since)}`)
})

test('what down stopped stays down over a power cut, and up brings it back', async () => {
  await inside('maru', 'down')
  await machine.cutPower()
  await machine.boot()
  await soon(['docker', 'info'])
  assert.equal(await running(), '')
  await inside('maru', 'up')
  assert.match(await soon(ask('notes', '/notes.json')), /kept/)
})

test('destroy takes everything back, also what systemd was told', async () => {
  await inside('maru', 'destroy', '--confirm', 'maru', '--keep-images')
  assert.equal(await inside('docker', 'ps', '--all', '--quiet'), '')
  assert.equal(await inside('docker', 'network', 'ls', '--filter', 'name=maru', '--quiet'), '')
  assert.equal(await inside('docker', 'volume', 'ls', '--quiet'), '')
  for (const path of ['var/lib/maru', 'usr/local/bin/maru', 'etc/maru/installations/maru.json'])
    await assert.rejects(readFile(join(machine.root, path)), { code: 'ENOENT' }, path)
  const system = await readdir(join(machine.root, 'etc/systemd/system'))
  assert.deepEqual(
    system.filter((name) => /docker.service.d|maru/.test(name)),
    [],
  )
  assert.equal(await inside('docker', 'info', '--format', '{{.LiveRestoreEnabled}}'), 'false')
  assert.doesNotMatch(await inside('nft', 'list', 'ruleset'), /maru/)
  assert.doesNotMatch(await inside('ls', '/etc/maru'), /closed/)
})

test("an engine with somebody else's container keeps both its settings and the container", async () => {
  const settings = '{"exec-opts": ["native.cgroupdriver=systemd"]}\n'
  await inside('mkdir', '-p', '/etc/docker')
  await writeFile(join(machine.root, 'etc/docker/daemon.json'), settings)
  await inside('systemctl', 'restart', 'docker')
  const files = ['/usr/bin/sleep', '/lib64/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/libc.so.6']
  await inside('tar', '--create', '--dereference', '--file=/root/other.tar', ...files)
  await inside('docker', 'import', '/root/other.tar', 'other')
  await inside('docker', 'run', '--detach', '--name=other', 'other', '/usr/bin/sleep', 'infinity')
  const look = () => inside('docker', 'inspect', '--format', '{{.Id}} {{.State.StartedAt}}', 'other')
  const [engine, before] = [await inside('systemctl', 'show', '-p', 'MainPID', 'docker'), await look()]
  await inside(`${CLONE}/maru`, 'up')
  await assert.rejects(readFile(join(machine.root, ENGINE_SETTINGS)), { code: 'ENOENT' })
  await inside('maru', 'deploy', `${CLONE}/examples/dockerfile-app`)
  await writeFile(join(machine.root, 'root/maru-root.crt'), await inside('maru', 'ca'))
  await inside(...ask('dockerfile-app'))
  assert.equal(await look(), before)
  assert.equal(await inside('systemctl', 'show', '-p', 'MainPID', 'docker'), engine)
  assert.equal(await readFile(join(machine.root, 'etc/docker/daemon.json'), 'utf8'), settings)
  await readFile(join(machine.root, CLOSING_NEED))
  assert.equal(await inside('systemctl', 'is-active', CLOSING), 'active')
})

test('a Dockerfile that forks without end is stopped where systemd owns the control groups', async () => {
  assert.equal(await inside('docker', 'info', '--format', '{{.CgroupDriver}}'), 'systemd')
  await readFile(join(machine.root, BUILD_SETTINGS))
  const folder = 'root/forks'
  await inside('mkdir', `/${folder}`)
  const text = 'FROM maru/app:latest\nRUN f() { f | f & }; f; sleep 100\nCMD ["true"]\n'
  await writeFile(join(machine.root, folder, 'Dockerfile'), text)
  const done = await machine.run(['maru', 'deploy', `/${folder}`], { timeoutMs: 120_000 })
  assert.match(done.stdout + done.stderr, /1024 processes/)
  await soon(['systemctl', 'list-units', '--plain', '--no-legend', 'maru-build-*'], (units) => units === '')
})

test('the last destroy leaves the other container and nothing of ours', async () => {
  const before = await inside('docker', 'inspect', '--format', '{{.State.StartedAt}}', 'other')
  const engine = await inside('systemctl', 'show', '-p', 'MainPID', 'docker')
  await inside('maru', 'destroy', '--confirm', 'maru')
  assert.equal(await inside('systemctl', 'show', '-p', 'MainPID', 'docker'), engine)
  assert.equal(await running(), 'other')
  assert.equal(await inside('docker', 'inspect', '--format', '{{.State.StartedAt}}', 'other'), before)
  assert.equal(await inside('docker', 'images', '--format', '{{.Repository}}', 'maru/*'), '')
  for (const path of [BUILD_SETTINGS, CLOSING_NEED, `etc/systemd/system/${CLOSING}`])
    await assert.rejects(readFile(join(machine.root, path)), { code: 'ENOENT' }, path)
})
