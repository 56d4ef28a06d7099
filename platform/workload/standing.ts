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

/**
 * A host as placement sees it. `listeningSince`: when whoever asks began to listen; a host was not silent while nobody
 * heard it.
 */
export function placementHost(
  host: Host,
  received: ReceivedReport | undefined,
  now: Date,
  listeningSince: Date,
): PlacementHost {
  const heard = Math.max(received?.receivedAt.getTime() ?? 0, listeningSince.getTime())
  const silentS = (now.getTime() - heard) / 1000
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
