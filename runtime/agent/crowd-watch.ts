import { EDGE_LIMITS } from '#platform/edge/index.ts'
import { openConnections } from '#runtime/drivers/crowds.ts'
import { pause } from '#runtime/kit/pause.ts'

const LOOK_MS = 500

/**
 * The edge says nothing by itself, and to ask it is work for both. But nobody can have more connections than his share while the
 * whole host has fewer, which the kernel tells in two lines: as long as it has more, `look` is done each time. `folder` is what the
 * kernel shows of the network.
 */
export async function watchCrowd(
  folder: string | undefined,
  look: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(LOOK_MS, signal)
    const isCrowded = (await openConnections(folder)) >= EDGE_LIMITS.connectionsPerSource
    if (isCrowded && !signal.aborted) await look()
  }
}
