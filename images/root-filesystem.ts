import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { ensureFolder, exists, readText } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { EXCLUDED_PATHS, INCLUDED_PATHS, type RootfsRecipe, SUITES, USERS } from './recipes.ts'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const TIMEOUT_MS = 1_200_000

export interface RootfsRequest {
  readonly name: string
  readonly recipe: RootfsRecipe
  /** Folder for the archive and for mmdebstrap's own work; emptied first. */
  readonly workDir: string
  readonly packagesFile: string
  readonly logFile: string
  readonly signal?: AbortSignal
}

/** Arguments of mmdebstrap for a recipe: the whole build, as data. */
export function planRootfs(
  recipe: RootfsRecipe,
  archive: string,
  packagesFile: string,
): [string, ...string[]] {
  return [
    'mmdebstrap',
    '--mode=root',
    '--variant=essential',
    '--format=tar',
    `--keyring=${KEYRING}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Retries "3"',
    ...leaveOut([...EXCLUDED_PATHS, ...recipe.exclude]),
    // The archive is the only result; nothing needs to survive a power cut half-way.
    '--dpkgopt=force-unsafe-io',
    // Debian's package would make a cluster of its own at once; ours are made by Patroni.
    '--essential-hook=mkdir -p "$1/etc/postgresql-common" && echo create_main_cluster=false > "$1/etc/postgresql-common/createcluster.conf"',
    ...userHooks(),
    `--customize-hook=chroot "$1" dpkg-query -W -f '\${Package} \${Version} \${Architecture}\\n' > "${packagesFile}"`,
    `--include=${recipe.packages.join(',')}`,
    SUITES[0].suite,
    archive,
    ...SUITES.map(({ uri, suite }) => `deb ${uri} ${suite} main`),
  ]
}

/** Builds a root filesystem and returns the path of its tar archive. */
export async function buildRootfs(request: RootfsRequest): Promise<string> {
  await removeWork(request.workDir)
  // mmdebstrap's mount points must be reachable for apt's own unprivileged user.
  await ensureFolder(request.workDir, 0o755)
  // Another run that was killed may have left its program behind, which still writes under its own name.
  const archive = join(request.workDir, `${request.name}-${randomBytes(4).toString('hex')}.tar`)
  const result = await run(planRootfs(request.recipe, archive, request.packagesFile), {
    env: { TMPDIR: request.workDir, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
    logFile: request.logFile,
    timeoutMs: TIMEOUT_MS,
    ...(request.signal ? { signal: request.signal } : {}),
  })
  if (result.exitCode === 0 && (await exists(archive))) return archive
  const reason = result.timedOut ? 'it took more than 20 minutes' : lastLine(result.stderr)
  throw new MaruError('hosts.step_failed', { step: `Image ${request.name}`, reason, log: request.logFile })
}

/** A run that was killed, or could not unmount what somebody was looking into, has left the kernel's own files mounted there. */
export async function removeWork(folder: string): Promise<void> {
  const mounts = (await readText('/proc/self/mounts')) ?? ''
  const inside = mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
  for (const path of inside.reverse()) {
    const { exitCode, stderr } = await run(['umount', '--lazy', path])
    if (exitCode !== 0) throw new Error(`${path} could not be unmounted: ${stderr.trim()}`)
  }
  await rm(folder, { recursive: true, force: true })
}

/**
 * dpkg leaves these paths out, by its own settings. Told by an option, mmdebstrap would filter the essential packages by a
 * program of its own, which takes half a minute for each image; as it is, it unpacks them whole before dpkg installs them, and
 * what must not be there is taken away in between.
 */
function leaveOut(excluded: readonly string[]): string[] {
  const settings = [
    ...excluded.map((path) => `path-exclude=${path}`),
    ...INCLUDED_PATHS.map((path) => `path-include=${path}`),
  ]
  const anyOf = (paths: readonly string[]) => paths.map((path) => `-path "$1${path}"`).join(' -o ')
  const [left, kept] = [`\\( ${anyOf(excluded)} \\)`, `\\( ${anyOf(INCLUDED_PATHS)} \\)`]
  return [
    `--extract-hook=printf '%s\\n' ${settings.map((line) => `'${line}'`).join(' ')} > "$1/etc/dpkg/dpkg.cfg.d/maru"`,
    `--extract-hook=find "$1" -xdev ${left} ! ${kept} ! -type d -delete`,
    `--extract-hook=find "$1" -xdev ${left} -type d -empty -delete`,
  ]
}

function userHooks(): string[] {
  return Object.entries(USERS).flatMap(([name, id]) => [
    `--customize-hook=echo "${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin" >> "$1/etc/passwd"`,
    `--customize-hook=echo "${name}:x:${id}:" >> "$1/etc/group"`,
  ])
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /^E:|error/i.test(line))
  return (lines.at(-1) ?? text.trim().split('\n').at(-1) ?? 'no output').replace(/^E:\s*/, '').slice(0, 200)
}
