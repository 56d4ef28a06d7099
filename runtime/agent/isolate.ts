import { readdir, writeFile } from 'node:fs/promises'
import { isAbsent, readText } from '#runtime/drivers/files.ts'

const HOST_LINKS = '/sys/class/net'

/** Text of a file of /sys; undefined when what it describes has just gone (EINVAL: between opening and reading). */
async function readLink(path: string): Promise<string | undefined> {
  try {
    return (await readText(path))?.trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined
    throw error
  }
}

/** Interface number on the host → name. */
async function hostLinks(): Promise<Map<string, string>> {
  const names = await readdir(HOST_LINKS)
  const pairs = await Promise.all(
    names.map(async (name) => [(await readLink(`${HOST_LINKS}/${name}/ifindex`)) ?? '', name] as const),
  )
  return new Map(pairs)
}

/** Numbers of the host's ends of a container's links. */
async function peersOf(pid: number): Promise<string[]> {
  // The container's own view of /sys: its links, not the host's.
  const folder = `/proc/${pid}/root/sys/class/net`
  try {
    const names = (await readdir(folder)).filter((name) => name !== 'lo')
    return await Promise.all(names.map(async (name) => (await readLink(`${folder}/${name}/iflink`)) ?? ''))
  } catch (error) {
    if (isAbsent(error)) return [] // it has just ended
    throw error
  }
}

/**
 * Isolates the bridge ports of containers from each other: frames pass only between an isolated port and one that
 * is not (edge, database proxy), so that no instance reaches another. Gives how many ports had to be changed.
 */
export async function isolatePorts(pids: readonly number[]): Promise<number> {
  if (pids.length === 0) return 0
  const links = await hostLinks()
  let changed = 0
  for (const pid of pids) {
    for (const peer of await peersOf(pid)) {
      const name = links.get(peer)
      if (name !== undefined && (await isolate(`${HOST_LINKS}/${name}/brport/isolated`))) changed++
    }
  }
  return changed
}

/** How often a bridge is looked at on which containers appear without a word, such as the steps of a build. */
const LOOK_MS = 100

/** Isolates every port of a bridge, also those that appear later, until the returned function is called. */
export function keepBridgeIsolated(bridge: string, onError: (error: unknown) => void): () => void {
  const look = () => void isolateBridge(bridge).catch(onError)
  look()
  const timer = setInterval(look, LOOK_MS)
  return () => clearInterval(timer)
}

/** Isolates the ports that a bridge has now. Gives how many had to be changed. */
export async function isolateBridge(bridge: string): Promise<number> {
  const changed = await Promise.all(
    (await portsOf(bridge)).map((port) => isolate(`${HOST_LINKS}/${port}/brport/isolated`)),
  )
  return changed.filter(Boolean).length
}

async function portsOf(bridge: string): Promise<string[]> {
  try {
    return await readdir(`${HOST_LINKS}/${bridge}/brif`)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

async function isolate(file: string): Promise<boolean> {
  const now = await readLink(file)
  if (now === undefined || now === '1') return false
  try {
    await writeFile(file, '1')
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}
