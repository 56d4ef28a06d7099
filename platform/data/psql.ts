import type { Duplex } from 'node:stream'
import type { AgentRunRequest } from '#contract/agent.ts'
import { APP_LIMITS, type RunRequest } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { INSTANCE_CA } from '#contract/installation.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { findCredentials, findRotation } from './credentials.ts'

/** psql as the app's role, in a one-off container of its own. The password travels in the environment, not as an argument. */
export async function startPsql(
  deps: ServerDeps,
  app: { readonly id: string; readonly name: string; readonly release: number | null },
  request: RunRequest,
): Promise<Duplex> {
  const rotation = await findRotation(deps.db, app.id)
  const credentials = rotation === null ? undefined : await findCredentials(deps, deps.db, app.id, rotation)
  if (credentials === undefined) throw new MaruError('data.no_database', { app: app.name })
  const [first, ...rest] = request.command
  return await deps.agents.first.run({
    kind: 'psql',
    app: app.name as AgentRunRequest['app'],
    appId: app.id as AgentRunRequest['appId'],
    release: app.release ?? 1,
    image: '',
    command: ['psql', ...(first === 'psql' || first === undefined ? rest : [first, ...rest])],
    env: {
      PGHOST: deps.config.appDatabase.host,
      PGPORT: String(deps.config.appDatabase.port),
      PGUSER: credentials.role,
      PGPASSWORD: credentials.password,
      PGDATABASE: credentials.database,
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: INSTANCE_CA,
    },
    tty: request.tty,
    columns: request.columns,
    rows: request.rows,
    timeoutS: APP_LIMITS.runTimeoutS,
  })
}
