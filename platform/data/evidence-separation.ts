import { sql } from 'kysely'
import type { Finding } from '#platform/trust/index.ts'
import { sample } from '#runtime/kit/sample.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { type Login, type LoginEnd, tryLogin } from '#runtime/server/try-login.ts'
import { namesOf } from './names.ts'
import { PROBE_TENANTS, probeLogin } from './probe-tenants.ts'
import { listReady } from './store.ts'

/** Doors of apps that are knocked at in one round; others come next time. The rights of all are read from the catalogue. */
const SAMPLE = 25
/** The server knew who asks, and that it may not. */
const NOT_ALLOWED = '42501'
const NO_SUCH_DATABASE = '3D000'

/** A tenant enters its own database and tries every other one: neighbour, platform, apps. */
export async function lookAtSeparation(deps: ServerDeps, signal: AbortSignal): Promise<Finding> {
  const [first, second] = PROBE_TENANTS
  const mine = await probeLogin(deps, first)
  const theirs = await probeLogin(deps, second)
  const apps = (await read(() => listReady(deps.db))).filter((id) => id !== first && id !== second)
  const chosen = sample(apps, SAMPLE)
  const rights = await readRights(deps)
  const problems = [
    ...(await enterOwn(mine, second)),
    ...(await enterOwn(theirs, first)),
    ...(await beRefused(mine, theirs.database, 'its neighbour’s database')),
    ...(await beRefused(theirs, mine.database, 'its neighbour’s database')),
    ...(await tryPlatform(deps, mine)),
    ...(await tryApps(mine, chosen, signal)),
    ...judgeRights(rights),
  ]
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'Two probe tenants entered their own databases and were refused by each other’s, the platform’s and the apps’; no role of an app has a right in another’s.'
        : [...new Set(problems)].join(' '),
    facts: [
      { name: 'Databases tried', value: `2 of probe tenants, 3 of the platform, ${chosen.length} of apps` },
      { name: 'Pairs of role and foreign database', value: `${rights.pairs} looked at, ${rights.open} open` },
    ],
  }
}

const WHO = `select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as mighty
  from pg_roles where rolname = session_user`

/** The control of the whole check: who cannot enter its own database proves nothing by being refused elsewhere. */
async function enterOwn(login: Login, neighbour: string): Promise<string[]> {
  const tries = [
    'create table if not exists probe (at timestamptz)',
    WHO,
    `set role "${namesOf(neighbour).group}"`,
    'set role maru_control',
    'select rolpassword from pg_authid',
    `select pg_read_file('/etc/passwd')`,
  ]
  const visit = await tryLogin(login, tries)
  if (visit.end === 'refused') return [`A probe tenant could not enter its own database (${visit.sqlState}).`]
  const [work, who, ...forbidden] = visit.statements
  const problems: string[] = []
  if (work?.end !== 'done') problems.push('A probe tenant could not work in its own database.')
  if (who?.end !== 'done' || who.rows[0]?.mighty !== false)
    problems.push('A probe tenant’s role has rights over the server.')
  if (!forbidden.every((one) => one.end === 'refused' && one.sqlState === NOT_ALLOWED))
    problems.push('A probe tenant could act as another role or read what is the server’s own.')
  return problems
}

async function beRefused(login: Login, database: string, what: string): Promise<string[]> {
  return judgeRefusal(await tryLogin({ ...login, database }), what)
}

function judgeRefusal(visit: LoginEnd, what: string): string[] {
  if (visit.end === 'entered') return [`A probe tenant entered ${what}.`]
  if (visit.sqlState === NOT_ALLOWED) return []
  return [`A probe tenant was kept out of ${what} for another reason than its rights (${visit.sqlState}).`]
}

async function tryPlatform({ config }: ServerDeps, login: Login): Promise<string[]> {
  const problems: string[] = []
  for (const database of ['postgres', 'template1', config.database.name])
    problems.push(...(await beRefused(login, database, 'a database of the platform')))
  return problems
}

async function tryApps(login: Login, apps: readonly string[], signal: AbortSignal): Promise<string[]> {
  const problems: string[] = []
  for (const app of apps) {
    signal.throwIfAborted()
    const visit = await tryLogin({ ...login, database: namesOf(app).database })
    // Destroyed since the list was read.
    if (visit.end === 'refused' && visit.sqlState === NO_SUCH_DATABASE) continue
    problems.push(...judgeRefusal(visit, 'an app’s database'))
  }
  return problems
}

interface Rights {
  /** Pairs of a login role and a tenant's database that is not its own. */
  readonly pairs: number
  /** Of these, the ones where the role may connect or become the owner. */
  readonly open: number
  /** Login roles of tenants with rights over the server or over all data. */
  readonly mighty: number
}

/** What the server's catalogue says about all tenants; the control plane's own role admits itself now and then, and is left out. */
async function readRights({ db }: ServerDeps): Promise<Rights> {
  const { rows } = await read(() =>
    sql<Rights>`
      with tenant as (
        select d.oid, d.datname, r.oid as owner from pg_database d join pg_roles r on r.rolname = d.datname
        where d.datname ~ '^app_'
      ), login as (
        select oid, rolname, rolcreatedb or rolcreaterole or rolreplication or rolbypassrls
            or pg_has_role(oid, 'pg_read_all_data', 'MEMBER') or pg_has_role(oid, 'pg_write_all_data', 'MEMBER') as mighty
        from pg_roles where rolname ~ '^app_' and rolcanlogin
      )
      select
        count(*) filter (where login.rolname not in (datname || '_a', datname || '_b')) as pairs,
        count(*) filter (where login.rolname not in (datname || '_a', datname || '_b')
          and (has_database_privilege(login.oid, tenant.oid, 'CONNECT')
            or pg_has_role(login.oid, tenant.owner, 'MEMBER'))) as open,
        (select count(*) from login where mighty) as mighty
      from tenant cross join login`.execute(db),
  )
  return rows[0] ?? { pairs: 0, open: 0, mighty: 0 }
}

/** Two tenants make at least two pairs: fewer means that the catalogue was not really read. */
function judgeRights({ pairs, open, mighty }: Rights): string[] {
  return [
    ...(pairs < 2 ? ['The rights of the tenants could not be read.'] : []),
    ...(open > 0 ? [`${open} of ${pairs} pairs of role and foreign database are open.`] : []),
    ...(mighty > 0 ? [`${mighty} roles of tenants have rights over the server.`] : []),
  ]
}
