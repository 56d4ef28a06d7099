import type { Host } from '#contract/host-view.ts'
import { FRESH_S } from './freshness.ts'
import type { PlacementHost, Standing } from './placement-plan.ts'
import type { ReceivedReport } from './store.ts'

/** The instances of a host that has been silent for so long are started on others. */
export const LOST_AFTER_S = 30
/** What the platform itself takes of a host's memory. */
const RESERVED_MB = 1024
/** Where the host has not said how much it has. */
const UNKNOWN_MB = 4096

/** A host as placement sees it. `silentS`: for how long nothing has been heard of it. */
export function placementHost(
  host: Host,
  received: ReceivedReport | undefined,
  silentS = Number.POSITIVE_INFINITY,
): PlacementHost {
  const memoryMb = received?.report.memoryMb ?? UNKNOWN_MB
  return {
    name: host.name,
    dataCentre: host.dataCentre,
    roomMb: Math.max(0, memoryMb - RESERVED_MB),
    standing: standingOf(host, received, silentS),
  }
}

function standingOf(host: Host, received: ReceivedReport | undefined, silentS: number): Standing {
  if (host.role === 'witness') return 'leaving'
  if (received === undefined) return 'quiet'
  if (silentS > LOST_AFTER_S) return 'lost'
  if (silentS > FRESH_S || received.report.runsApps !== true) return 'quiet'
  return host.state === 'draining' ? 'leaving' : 'ready'
}
