import type { WebhookBody } from '#contract/upstream.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { wishOf } from './plan.ts'
import { type Loaded, loadUpstream, openSecret, providerOf } from './snapshot.ts'
import { noteTold, type ProviderRow, UPSTREAM_CHANGED } from './store.ts'
import { tellPartner } from './webhook.ts'

/** A wish that stands is looked at again after so long. */
const AGAIN_MS = 60_000
const RETRY_MS = { first: 2_000, longest: 60_000 } as const

/** Tells partners until they acknowledge: each time the whole wish, so that nothing hangs on a message that was lost. */
export async function tellPartners(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(UPSTREAM_CHANGED)
  let waitMs: number = RETRY_MS.first
  while (!signal.aborted) {
    let isTold = true
    try {
      isTold = await tellAll(deps)
    } catch (error) {
      deps.log.warn('upstream.partners_not_told', { error })
      isTold = false
    }
    waitMs = isTold ? RETRY_MS.first : Math.min(waitMs * 2, RETRY_MS.longest)
    // What ends by itself rings, too: it is ended in the database.
    if (await bell.wait(isTold ? AGAIN_MS : waitMs, signal)) waitMs = RETRY_MS.first
  }
  bell.close()
}

/** Tells every partner whose wish is another than it acknowledged; false where one did not acknowledge. */
export async function tellAll(deps: Pick<ServerDeps, 'db' | 'now' | 'secrets' | 'config'>): Promise<boolean> {
  const loaded = await read(() => loadUpstream(deps.db, deps.now()))
  const told = await Promise.all(loaded.rows.map((row) => tellOne(deps, loaded, row)))
  return told.every((one) => one)
}

async function tellOne(
  deps: Pick<ServerDeps, 'db' | 'now' | 'secrets' | 'config'>,
  loaded: Loaded,
  row: ProviderRow,
): Promise<boolean> {
  if (row.settings.kind !== 'webhook') return true
  const dropped = wishOf(loaded, providerOf(row))
  const wish = JSON.stringify(dropped)
  // Nobody has to be told at first that there is nothing to drop.
  if (wish === (row.acknowledged ?? '[]')) {
    if (row.problem !== '') await read(() => noteTold(deps.db, row.name, { problem: '' }))
    return true
  }
  const now = deps.now()
  const { name: installation } = deps.config.installation
  const said: WebhookBody = { version: 1, kind: 'wish', installation, sentAt: now.toISOString(), dropped }
  const wrong = await tellPartner(row.settings, (await openSecret(deps, row)) ?? '', said, now)
  if (wrong === '') {
    await read(() => noteTold(deps.db, row.name, { acknowledged: wish, at: now }))
    return true
  }
  const problem = `The partner does not know what it should drop: ${wrong}. It is told again until it acknowledges; \`maru network upstream test ${row.name}\` tries it now.`
  if (problem !== row.problem) await read(() => noteTold(deps.db, row.name, { problem }))
  return false
}
