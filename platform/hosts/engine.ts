import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { HOME, type Installation } from '#contract/installation.ts'
import { type Docker, makeDocker } from '#runtime/drivers/docker.ts'
import { exists, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { run, startDetached } from '#runtime/drivers/process.ts'
import { closeAtStart } from './closed-at-start.ts'
import { CLOSED } from './closed-script.ts'
import { DOCKER_SOCKET } from './host-facts.ts'
import { pollUntil } from './poll.ts'
import type { HostProgress } from './progress.ts'
import { runsSystemd, systemctl, writeSystemdSettings } from './systemd-settings.ts'

const ENGINE = '/usr/sbin/dockerd'
/** Debian packages that the host needs, by a file that each brings. */
const PACKAGES: ReadonlyArray<readonly [name: string, file: string]> = [
  ['docker.io', ENGINE],
  ['iptables', '/usr/sbin/iptables'],
  ['nftables', '/usr/sbin/nft'],
  ['mmdebstrap', '/usr/bin/mmdebstrap'],
  ['ca-certificates', '/etc/ssl/certs/ca-certificates.crt'],
  ['debian-archive-keyring', '/usr/share/keyrings/debian-archive-trixie-stable.gpg'],
]
const APT_TIMEOUT_MS = 900_000
const START_TIMEOUT_MS = 60_000

/** Certificates that the host trusts; a company's proxy is among them. */
export const HOST_CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'

/**
 * File that holds the process id of the engine's supervisor, where this program started one. The machine has one
 * engine for all its installations, and the file is gone after a reboot, like the process.
 */
export const ENGINE_PID_FILE = '/run/maru-engine.pid'

interface Place {
  readonly installation: Installation
  readonly home: string
  readonly programDir: string
  readonly progress: HostProgress
}

/** Installs and starts the container engine where it is missing; a running one is left as it is. */
export async function ensureEngine({ installation, home, programDir, progress }: Place): Promise<Docker> {
  const log = join(home, HOME.logs, 'host-packages.log')
  const missing = await missingPackages()
  await writeSystemdSettings(!(await exists(ENGINE)), log)
  if (missing.length > 0) {
    await progress.step(`Debian packages ${missing.join(', ')}`, 60, log, () => installPackages(missing, log))
  }
  // An agent that is older does not open it again: there it waits until this program's has answered.
  if (!(await exists(join(home, HOME.platform)))) await closeAtStart(installation, home)
  return await runEngine(home, programDir, progress)
}

/** Starts the engine where it is installed and does not run; undefined: it is not installed. */
export async function startInstalledEngine(
  home: string,
  programDir: string,
  progress: HostProgress,
): Promise<Docker | undefined> {
  return (await exists(ENGINE)) ? await runEngine(home, programDir, progress) : undefined
}

async function runEngine(home: string, programDir: string, progress: HostProgress): Promise<Docker> {
  const docker = makeDocker(DOCKER_SOCKET)
  if (await answers(docker)) return docker
  const log = join(home, HOME.logs, 'engine.log')
  await progress.step('Container engine', 5, log, async () => {
    await startEngine(programDir, log)
    await pollUntil(
      { what: 'Starting the container engine', timeoutMs: START_TIMEOUT_MS, log },
      async () => (await answers(docker)) || undefined,
    )
  })
  return docker
}

async function missingPackages(): Promise<string[]> {
  // Debian 13 took the command line out of the engine's package; the advice of `maru doctor` names it.
  const hasOwnPackage = !/^VERSION_ID="?12/m.test((await readText('/etc/os-release')) ?? '')
  const wanted = hasOwnPackage ? [...PACKAGES, ['docker-cli', '/usr/bin/docker'] as const] : PACKAGES
  const present = await Promise.all(wanted.map(([, file]) => exists(file)))
  return wanted.filter((_, index) => !present[index]).map(([name]) => name)
}

async function answers(docker: Docker): Promise<boolean> {
  try {
    await docker.ping()
    return true
  } catch (error) {
    if (error instanceof MaruError && error.code === 'hosts.engine_unavailable') return false
    throw error
  }
}

/** Installs Debian packages. */
export async function installPackages(names: readonly string[], log: string): Promise<void> {
  const options = { logFile: log, timeoutMs: APT_TIMEOUT_MS, env: { DEBIAN_FRONTEND: 'noninteractive' } }
  const wait = '-oDPkg::Lock::Timeout=300'
  const steps: Array<[string, ...string[]]> = [
    ['apt-get', wait, 'update'],
    ['apt-get', wait, 'install', '-y', '--no-install-recommends', ...names],
  ]
  for (const argv of steps) {
    const result = await run(argv, options)
    if (result.exitCode === 0) continue
    const reason = result.stderr.trim().split('\n').at(-1) || 'no output'
    throw new MaruError('hosts.step_failed', { step: argv.join(' '), reason, log })
  }
}

/** Starts the engine that is installed, and has it kept running. */
export async function startEngine(programDir: string, log: string): Promise<void> {
  if (await runsSystemd()) return await systemctl(['enable', '--now', 'docker'], log)
  if ((await supervisorPid()) !== undefined) return
  const supervisor = join(programDir, 'platform/hosts/engine-supervisor.ts')
  const fd = openSync(log, 'a', 0o640)
  try {
    const pid = startDetached([process.execPath, supervisor, CLOSED.script], fd)
    await writeFileAtomic(ENGINE_PID_FILE, `${pid}\n`)
  } finally {
    closeSync(fd)
  }
}

/** The supervisor that an installation on this machine started, if it still runs. */
export async function supervisorPid(): Promise<number | undefined> {
  const pid = Number((await readText(ENGINE_PID_FILE)) ?? Number.NaN)
  if (!Number.isInteger(pid)) return undefined
  const commandLine = await readText(`/proc/${pid}/cmdline`)
  // The number may belong to another process by now.
  return commandLine?.includes('engine-supervisor') ? pid : undefined
}
