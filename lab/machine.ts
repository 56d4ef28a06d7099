import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { installPackages } from '#platform/hosts/index.ts'
import { diskSpace, ensureFolder, exists, readText } from '#runtime/drivers/files.ts'
import { inNewNamespaces } from '#runtime/drivers/namespaces.ts'
import { run } from '#runtime/drivers/process.ts'
import { LAB_FILES } from './lab.ts'
import { type Need, unmetNeed } from './needs.ts'

/** Debian packages that a lab needs, by a program that each brings. */
const PACKAGES: ReadonlyArray<readonly [name: string, file: string]> = [
  ['slirp4netns', '/usr/bin/slirp4netns'],
  ['tini', '/usr/bin/tini'],
  ['iproute2', '/usr/bin/ip'],
  ['nftables', '/usr/sbin/nft'],
]

/** The packages of the lab that this machine does not have. */
export async function missingPackages(): Promise<string[]> {
  const present = await Promise.all(PACKAGES.map(([, file]) => exists(file)))
  return PACKAGES.filter((_, at) => !present[at]).map(([name]) => name)
}

/** Installs what is missing. */
export const bringPackages = (names: readonly string[], home: string) =>
  installPackages(names, join(home, LAB_FILES.logs, 'packages.log'))

/** Refuses a machine that cannot hold the lab, before anything is made. */
export async function checkMachine(home: string, need: Need): Promise<void> {
  const meminfo = (await readText('/proc/meminfo')) ?? ''
  const availableMb = Math.floor(Number(/^MemAvailable:\s+(\d+)/m.exec(meminfo)?.[1] ?? 0) / 1024)
  const { freeMb } = await diskSpace(home)
  const unmet = unmetNeed({ availableMb, freeMb, home, hasTun: await exists('/dev/net/tun') }, need)
  if (unmet !== undefined) throw new MaruError('lab.unfit', { ...unmet })
  await checkLayers(home)
}

/** Tries what every host needs of the kernel and of the folder's file system: namespaces, and a disk in two layers. */
async function checkLayers(home: string): Promise<void> {
  const trial = join(home, 'trial')
  const at = (name: string) => join(trial, name)
  for (const name of ['upper', 'work', 'root']) await ensureFolder(at(name), 0o700)
  try {
    const options = `lowerdir=/,upperdir=${at('upper')},workdir=${at('work')}`
    const mount = ['mount', '-t', 'overlay', '-o', options, 'overlay', at('root')]
    const done = await run(inNewNamespaces(['mount', 'net', 'uts', 'ipc', 'pid', 'cgroup'], mount))
    if (done.exitCode === 0) return
    const reason = done.stderr.trim().split('\n')[0] ?? ''
    throw new MaruError('lab.unfit', {
      what: `a disk in two layers could not be made in ${home} (${reason})`,
      next: 'Choose a folder on ext4 or xfs with --home, on a machine that may make namespaces and has the overlay file system (`modprobe overlay`).',
    })
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}
