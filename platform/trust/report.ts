import type { TrustReport } from '#contract/trust.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { judgePromises } from './judge.ts'
import { latestEvidence } from './store.ts'

/** Every promise as it stands now. */
export async function loadReport({ db, config, now }: ServerDeps): Promise<TrustReport> {
  const latest = await read(() => latestEvidence(db))
  const at = now()
  const promises = judgePromises(latest, at)
  return {
    at: at.toISOString(),
    installation: config.installation.name,
    version: config.version,
    kept: promises.filter(({ state }) => state === 'kept').length,
    promises,
  }
}
