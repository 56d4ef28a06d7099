import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import type { Installation } from '#contract/installation.ts'
import { openPorts } from '#runtime/drivers/listeners.ts'

/** A service that restarts is away for less. */
const STAYS_OPEN_MS = 600_000
/** Under attack there are many looks a second, and each listing of all sockets costs the kernel some ten milliseconds. */
const LISTED_FOR_MS = 2_500
const BETWEEN_HOSTS = PORTS_BETWEEN_HOSTS.map((port) => `tcp . ${port}`)

/** The ports of the host at which somebody listens to the outside, or did a while ago: `tcp . 80`, `192.0.2.9 . tcp . 53`. */
export type OpenPorts = () => Promise<string[]>

/**
 * Who listens at an address of the installation's own networks only is closed to everybody outside. `shown`: what the kernel shows of
 * another network than this program's own.
 */
export function makeOpenPorts(
  { subnet }: Pick<Installation, 'subnet'>,
  shown: string | undefined,
): OpenPorts {
  const openSince = new Map<string, number>()
  let listedAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - listedAt < LISTED_FOR_MS) return [...openSince.keys()]
    const now = Date.now()
    const open = (await openPorts(shown)).filter((port) => !port.startsWith(`${subnet}.`))
    listedAt = performance.now()
    for (const port of [...BETWEEN_HOSTS, ...open]) openSince.set(port, now)
    for (const [port, seen] of openSince) if (now - seen > STAYS_OPEN_MS) openSince.delete(port)
    return [...openSince.keys()]
  }
}
