/** File systems of a disk, which can lie below the writable layer of a host. */
const KINDS = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs']
/** A host has its own there. */
const OWN = ['/dev', '/proc', '/run', '/sys', '/tmp', '/var/lib/docker', '/var/lib/maru']

const isWithin = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)

/** Where a mountinfo says that file systems of disks are, each as often as it is mounted. */
const diskMounts = (mountinfo: string): string[] =>
  mountinfo
    .split('\n')
    .map((line) => /^\S+ \S+ \S+ \S+ (\S+) .* - (\S+) /.exec(line))
    .flatMap((found) => (found?.[1] !== undefined && KINDS.includes(found[2] ?? '') ? [found[1]] : []))

/** Where this machine has file systems beside its root, such as /var: a host sees them too, and writes beside them. */
export function otherDisks(mountinfo: string, hidden: readonly string[]): string[] {
  const mounts = diskMounts(mountinfo)
    .filter((path) => path !== '/')
    // An escaped character would be one more thing to get wrong in the options of a mount.
    .filter((path) => /^(\/[A-Za-z0-9._-]+)+$/.test(path))
    .filter((path) => ![...OWN, ...hidden].some((folder) => isWithin(path, folder)))
  return [...new Set(mounts)].sort()
}

/** The mount that a path is in, of the file systems of disks. */
export function mountOf(mountinfo: string, path: string): string {
  const mounts = diskMounts(mountinfo).filter((mount) => mount === '/' || isWithin(path, mount))
  return mounts.sort((a, b) => b.length - a.length)[0] ?? '/'
}
