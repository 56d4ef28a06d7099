import { readFile } from 'node:fs/promises'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { Login } from '#runtime/server/try-login.ts'
import { findCredentials } from './credentials.ts'
import { ensureDatabase } from './provision.ts'

/**
 * Two tenants of the platform's own, made by the same code as every app's database. Checks act as one and try to reach the
 * other. The digit 1 is in no random id, so they never meet an app's.
 */
export const PROBE_TENANTS = ['app_probe11', 'app_probe12'] as const

/** How a probe tenant logs in to its own database; the database is made when it is missing. */
export async function probeLogin(deps: ServerDeps, tenant: (typeof PROBE_TENANTS)[number]): Promise<Login> {
  await ensureDatabase(deps, tenant)
  const credentials = await findCredentials(deps, deps.db, tenant, 0)
  if (credentials === undefined) throw new Error(`${tenant} has no credentials`)
  const { role, password, database } = credentials
  const { appDatabase, caFile } = deps.config
  return { ...appDatabase, user: role, password, database, ca: await readFile(caFile, 'utf8') }
}
