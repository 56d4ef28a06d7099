import { MESH_PORT, PEER_PORT } from '#contract/fleet.ts'
import { AGENT_PORT } from '#contract/host-identity.ts'
import { openPorts } from '#runtime/drivers/listeners.ts'

/** A service that restarts is away for less. */
const STAYS_OPEN_MS = 600_000
const BETWEEN_HOSTS = [AGENT_PORT, PEER_PORT, MESH_PORT].map((port) => `tcp . ${port}`)

/** The ports of the host at which somebody listens, or did a while ago: `tcp . 80`. */
export type OpenPorts = () => Promise<string[]>

/** `shown`: what the kernel shows of another network than this program's own. */
export function makeOpenPorts(shown: string | undefined): OpenPorts {
  const openSince = new Map<string, number>()
  return async () => {
    const now = Date.now()
    for (const port of [...BETWEEN_HOSTS, ...(await openPorts(shown))]) openSince.set(port, now)
    for (const [port, seen] of openSince) if (now - seen > STAYS_OPEN_MS) openSince.delete(port)
    return [...openSince.keys()]
  }
}
