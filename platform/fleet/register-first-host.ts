import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { saveFirstHost } from './store.ts'

/** Registers the first host before anything is planned for it. */
export async function registerFirstHost(deps: Pick<ServerDeps, 'config' | 'db' | 'now'>): Promise<void> {
  await transact(deps.db, (tx) => saveFirstHost(tx, deps.config.host, deps.config.version, deps.now()))
}
