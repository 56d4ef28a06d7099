import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exists, readText } from '#runtime/drivers/files.ts'
import { type RunOptions, type RunResult, run } from '#runtime/drivers/process.ts'
import { removeMachineGroups } from './machine-groups.ts'
import { ROOT } from './source-tree.ts'

/** Where machines are: a file system of a disk, because the engine inside stacks file systems upon it. */
const FOLDER = '/var/tmp'
const PREFIX = 'maru-machine-'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const OWN_CERTIFICATES = '/usr/local/share/ca-certificates'
/** What a fresh Debian server has, as far as `./maru up` asks for it; `git` brings the repository. */
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps', 'curl', 'ca-certificates', 'git']
/** How this machine reaches registries is how the one inside does. */
const PASSED_ON = ['http_proxy', 'https_proxy', 'no_proxy', 'npm_config_registry']
const BOOT_TIMEOUT_MS = 120_000

/** A Debian root that systemd runs in, beside this machine's own: processes, network and mounts are its own. */
export interface DebianMachine {
  /** Its root as seen from outside. */
  readonly root: string
  boot(): Promise<void>
  /** Ends every process in it at once, as a power cut does; what is on its disk stays. */
  cutPower(): Promise<void>
  /** Runs a program in it, as root. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>
}

interface Power {
  readonly machine: ChildProcess
  readonly network: ChildProcess
  readonly init: number
}

/** Makes a machine with a bare Debian of this name (such as `trixie`), not booted yet. `testRun`: who removes it. */
export async function makeMachine(suite: string, testRun: number): Promise<DebianMachine> {
  const folder = await mkdtemp(join(FOLDER, `${PREFIX}${testRun}-`))
  const root = join(folder, 'root')
  await checked(['mmdebstrap', ...debianOf(suite), root], { timeoutMs: 900_000 })
  await configure(root)
  let power: Power | undefined
  const enter = (argv: readonly string[], options: RunOptions = {}) => {
    if (power === undefined) throw new Error('the machine is off')
    return runInside(power.init, argv, options)
  }
  return {
    root,
    boot: async () => {
      power = await switchOn(folder)
      await until('systemd to have started', BOOT_TIMEOUT_MS, async () => {
        const state = (await enter(['systemctl', 'is-system-running'])).stdout.trim()
        // Degraded: it cannot load modules into a kernel that is not its own.
        return state === 'running' || state === 'degraded'
      })
      await until('the network', BOOT_TIMEOUT_MS, async () => (await enter(['ip', 'route'])).stdout !== '')
    },
    cutPower: async () => {
      if (power !== undefined) await switchOff(power)
      power = undefined
      await removeMachineGroups(basename(folder))
    },
    run: enter,
  }
}

/** Removes the machines of this test run, and those whose run has ended: they ended with it. */
export async function removeMachines(): Promise<void> {
  const names = (await readdir(FOLDER)).filter((name) => name.startsWith(PREFIX))
  for (const name of names) {
    const [run] = name.slice(PREFIX.length).split('-')
    if (run !== String(process.pid) && (await exists(`/proc/${run}`))) continue
    await removeMachineGroups(name)
    await rm(join(FOLDER, name), { recursive: true, force: true })
  }
}

function debianOf(suite: string): string[] {
  return [
    '--quiet',
    '--mode=root',
    '--variant=minbase',
    `--keyring=${KEYRING}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--dpkgopt=force-unsafe-io',
    `--include=${PACKAGES.join(',')}`,
    `--customize-hook=copy-in ${OWN_CERTIFICATES} /usr/local/share`,
    '--customize-hook=chroot "$1" update-ca-certificates',
    '--format=directory',
    suite,
  ]
}

/** What an installer asks: a name, and where names are looked up. */
async function configure(root: string): Promise<void> {
  await writeFile(join(root, 'etc/hostname'), 'machine\n')
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 machine\n')
  await rm(join(root, 'etc/resolv.conf'), { force: true })
  // The network outside is joined by slirp4netns, which answers here.
  await writeFile(join(root, 'etc/resolv.conf'), 'nameserver 10.0.2.3\n')
}

async function switchOn(folder: string): Promise<Power> {
  const log = openSync(join(folder, 'boot.log'), 'a')
  const boot = join(ROOT, 'tools/boot-machine.sh')
  // Whatever becomes of this process, the machine ends with it.
  const machine = spawn('setpriv', ['--pdeathsig', 'KILL', boot, join(folder, 'root'), basename(folder)], {
    stdio: ['ignore', log, log],
  })
  try {
    const init = await until('the first process', BOOT_TIMEOUT_MS, () => initOf(machine))
    const joining = [
      '--configure',
      '--mtu=1400',
      '--disable-host-loopback',
      '--exit-fd=3',
      String(init),
      'tap0',
    ]
    const network = spawn('slirp4netns', joining, { stdio: ['ignore', log, log, 'pipe'] })
    return { machine, network, init }
  } catch (error) {
    machine.kill('SIGKILL')
    throw error
  } finally {
    closeSync(log)
  }
}

/** The machine's first process as this machine counts: once it is systemd. */
async function initOf({ pid, exitCode }: ChildProcess): Promise<number | undefined> {
  if (exitCode !== null) throw new Error(`boot-machine.sh ended with ${exitCode}; look into its boot.log`)
  const child = Number.parseInt((await readText(`/proc/${pid}/task/${pid}/children`)) ?? '', 10)
  const command = Number.isNaN(child) ? undefined : await readText(`/proc/${child}/cmdline`)
  return command?.startsWith('/usr/sbin/init\0') ? child : undefined
}

async function switchOff({ machine, network, init }: Power): Promise<void> {
  const ended = [machine, network].map(
    (child) => child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once('close', resolve)),
  )
  process.kill(init, 'SIGKILL')
  network.kill('SIGKILL')
  await Promise.all(ended)
}

function runInside(init: number, argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const passed = PASSED_ON.flatMap((name) => (process.env[name] ? [`${name}=${process.env[name]}`] : []))
  const path = 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const clean = ['env', '--ignore-environment', path, 'HOME=/root', 'LANG=C.UTF-8', 'NO_COLOR=1', ...passed]
  return run(['nsenter', '--all', '--target', String(init), ...clean, ...argv], options)
}

/** Runs a program on this machine; throws what it printed when it fails. */
async function checked(argv: readonly [string, ...string[]], options: RunOptions): Promise<void> {
  const done = await run(argv, options)
  if (done.exitCode !== 0) throw new Error(`${argv[0]} ended with ${done.exitCode}:\n${done.stderr}`)
}

/** Asks again until the answer is truthy; errors count as "not yet", the last one is the cause at the end. */
async function until<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < end) {
    try {
      const answer = await ask()
      if (answer) return answer
    } catch (error) {
      last = error
    }
    await delay(100)
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: last })
}
