import { hasLeader, type Settings } from '#platform/hosts/cluster-settings.ts'
import { ensureClusterSettings } from '#platform/hosts/database-pair.ts'
import { clusterSettings } from '#platform/hosts/database-tier.ts'
import { pollUntil } from '#platform/hosts/poll.ts'
import { type Place, readDatabasePair } from '#platform/hosts/wait-healthy.ts'
import { pause } from '#runtime/kit/pause.ts'

/** What Patroni 4 has where nothing is said. */
const STOCK = { ttl: 30, loop_wait: 10, retry_timeout: 10, primary_start_timeout: 300 }
export const STOCK_TEXT = Object.entries(STOCK)
  .map(([name, value]) => `${name} ${value}`)
  .join(', ')
/** What the settings leave as it is, for the reader of figures. */
export const STILL_MARU =
  'Only the settings are Patroni’s own: it is still started by Maru’s patched start, which shortens some of its waits (decision 15), and apps still reach it through Maru’s proxy.'
/** Whoever is interrupted in the middle of a fault leaves a pair that has to find a leader first. */
const LED_MS = 120_000
/** Patroni takes settings over in its next loop, which may still be a long one. */
const LOOP_MS = 12_000

/** Whose settings the pair has. */
export type Whose = 'Maru' | 'Patroni'

const SETTINGS: Readonly<Record<Whose, () => Settings>> = {
  Maru: clusterSettings,
  Patroni: () => ({ ...clusterSettings(), ...STOCK }),
}

/** Has a pair keep to Maru's settings or to Patroni's own; when it ends they count. It runs where both members can be reached. */
export async function setPairSettings(pair: Place, whose: Whose, signal?: AbortSignal): Promise<void> {
  const log = `\`docker logs ${pair.installation.name}-postgres-1\``
  await pollUntil({ what: 'Waiting for a leader', timeoutMs: LED_MS, log }, async () =>
    hasLeader((await readDatabasePair(pair)) ?? []) ? true : undefined,
  )
  await ensureClusterSettings(pair, SETTINGS[whose]())
  await pause(LOOP_MS, signal)
}
