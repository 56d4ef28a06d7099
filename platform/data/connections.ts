import { sql } from 'kysely'
import { DATA_LIMITS } from '#contract/data.ts'
import type { PlatformStatus } from '#contract/platform.ts'
import type { Db } from './store.ts'

/** From which share of all connections on people are told: apps that begin then may still find one. */
const TOLD_FROM = 0.8
/** It is no host's own: the pair has one number of connections, whichever host its primary is on. */
const WHERE = 'databases'

interface Used {
  readonly used: number
  readonly most: number
  /** Whose database has most of them, by its id, and how many. */
  readonly database: string
  readonly own: number
}

/** A sentence where the connections of all databases are nearly used up, before the server refuses new ones. */
export async function connectionProblems(
  db: Db,
  nameOf: (appId: string) => Promise<string | undefined>,
  from = TOLD_FROM,
): Promise<PlatformStatus['problems']> {
  const { rows } = await sql<Used>`
    select datname as database, count(*)::int as own, sum(count(*)) over ()::int as used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most
    from pg_stat_activity where datname is not null group by datname order by own desc limit 1`.execute(db)
  const [found] = rows
  if (found === undefined || found.used < found.most * from) return []
  const { used, most, database, own } = found
  const whose = await nameOf(database)
  const largest = whose === undefined ? 'the platform itself' : `the app ${whose}`
  return [
    {
      host: WHERE,
      problem: `${used} of ${most} connections are in use, ${own} of them by ${largest}; beyond that all apps are refused new ones. ${adviceFor(whose, own)}`,
    },
  ]
}

const adviceFor = (app: string | undefined, own: number) =>
  app !== undefined && own > DATA_LIMITS.connections
    ? `Give ${app} fewer instances, or smaller pools of connections: ${DATA_LIMITS.connections} are what an app should plan with.`
    : 'There are more apps than one pair of databases has connections for: give them smaller pools, or bring some to another installation.'
