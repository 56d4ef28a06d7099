import { readdir, writeFile } from 'node:fs/promises'
import { HOST_LINKS, hostLinks, peersOf, readLink } from '#runtime/drivers/container-links.ts'
import { isAbsent } from '#runtime/drivers/files.ts'

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

/** The host's ends of all links at a bridge. */
export async function portsOf(bridge: string): Promise<string[]> {
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
