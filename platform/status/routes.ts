import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { API } from '#contract/api.ts'
import { MaruError } from '#contract/errors.ts'
import { urlOf } from '#contract/installation.ts'
import type { ComponentStatus, PairStatus, PlatformStatus, platformRoutes } from '#contract/platform.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { renderOpenApi } from './openapi.ts'
import { renderReference } from './reference-page.ts'

/** A check must say quickly that something is wrong; a request may wait for a failover, this may not. */
const HEALTH_MS = 2_000

/** What other capabilities know about the platform. */
export interface StatusSources {
  readonly countApps: (db: ServerDeps['db']) => Promise<number>
  readonly loadPair: (deps: ServerDeps) => Promise<PairStatus>
  readonly loadProblems: (deps: Pick<ServerDeps, 'db' | 'config'>) => Promise<PlatformStatus['problems']>
}

/** Handlers of the platform routes. */
export function statusHandlers({
  countApps,
  loadPair,
  loadProblems,
}: StatusSources): Handlers<typeof platformRoutes> {
  // Made once: a stranger who asks again and again must not keep us busy.
  let openApi: ReturnType<typeof renderOpenApi> | undefined
  let reference: string | undefined
  return {
    health: async (_call, { db }) => {
      await checkDatabase(db)
      return { ok: true }
    },
    ca: async (_call, { config }) => await readFile(config.caFile, 'utf8'),
    openapi: async (_call, { config }) => {
      openApi ??= renderOpenApi(API, { version: config.version, url: urlOf(config.installation) })
      return openApi
    },
    reference: async (_call, { config }) => {
      reference ??= renderReference(API, config.version)
      return reference
    },
    pair: async (_call, deps) => await loadPair(deps),
    status: async (_call, deps) => {
      const [host, database] = await Promise.all([hostComponents(deps), databaseComponent(deps.db)])
      return {
        installation: deps.config.installation.name,
        version: deps.config.version,
        url: urlOf(deps.config.installation),
        at: deps.now().toISOString(),
        components: [...host, database],
        apps: database.state === 'ok' ? await countApps(deps.db) : 0,
        problems: database.state === 'ok' ? await loadProblems(deps) : [],
      }
    },
  }
}

async function checkDatabase(db: ServerDeps['db']): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MaruError('database_unavailable')), HEALTH_MS)
  })
  try {
    await Promise.race([sql`select 1`.execute(db), late])
  } catch (error) {
    throw new MaruError('database_unavailable', {}, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function databaseComponent(db: ServerDeps['db']): Promise<ComponentStatus> {
  const row = { component: 'platform database', memoryBytes: null }
  try {
    await checkDatabase(db)
    return { ...row, state: 'ok', detail: 'answers through the proxy' }
  } catch {
    return { ...row, state: 'down', detail: 'does not answer; it fails over by itself within seconds' }
  }
}

async function hostComponents({ agents, log }: ServerDeps): Promise<ComponentStatus[]> {
  try {
    return (await agents.first.report(0, 0)).components
  } catch (error) {
    log.warn('status.agent_away', { error })
    const detail = 'does not answer; run `maru up` on the host'
    return [{ component: 'agent', state: 'down', detail, memoryBytes: null }]
  }
}
