import { readdir } from 'node:fs/promises'
import { isAbsent, readText } from './files.ts'

/** The network interfaces of this host, as the kernel shows them. */
export const HOST_LINKS = '/sys/class/net'

/** Text of a file of /sys; undefined when what it describes has just gone (EINVAL: between opening and reading). */
export async function readLink(path: string): Promise<string | undefined> {
  try {
    return (await readText(path))?.trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined
    throw error
  }
}

/** Interface number on the host → name; `root` is where the host's files are seen. */
export async function hostLinks(root = ''): Promise<Map<string, string>> {
  const folder = `${root}${HOST_LINKS}`
  const names = await readdir(folder)
  const pairs = await Promise.all(
    names.map(async (name) => [(await readLink(`${folder}/${name}/ifindex`)) ?? '', name] as const),
  )
  return new Map(pairs)
}

/**
 * The links of a container: its own hardware address, and the number of the host's end. `pid` is its main process as the host counts,
 * `root` where the host's files are seen.
 */
export async function linksOf(
  pid: number,
  root = '',
): Promise<Array<{ readonly card: string; readonly peer: string }>> {
  const folder = `${root}/proc/${pid}/root/sys/class/net`
  try {
    const names = (await readdir(folder)).filter((name) => name !== 'lo')
    return await Promise.all(
      names.map(async (name) => ({
        card: (await readLink(`${folder}/${name}/address`)) ?? '',
        peer: (await readLink(`${folder}/${name}/iflink`)) ?? '',
      })),
    )
  } catch (error) {
    if (isAbsent(error)) return [] // it has just ended
    throw error
  }
}

/** Numbers of the host's ends of a container's links; `pid` and `root` as for `linksOf`. */
export const peersOf = async (pid: number, root = ''): Promise<string[]> =>
  (await linksOf(pid, root)).map(({ peer }) => peer)
