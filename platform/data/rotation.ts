import { DATA_LIMITS } from '#contract/data.ts'
import { MaruError } from '#contract/errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { JobHandler } from '#runtime/server/jobs.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { makePassword } from './provision.ts'
import { disableLogin, ensureLogin } from './roles.ts'
import { type DatabaseRow, type Db, findDatabase, updateDatabase } from './store.ts'

const RETIRE = 'data.retire-login'

async function getReady(deps: Pick<ServerDeps, 'db'>, appId: string): Promise<DatabaseRow> {
  const row = await read(() => findDatabase(deps.db, appId))
  if (!row?.ready) throw new MaruError('data.no_database', { app: appId })
  return row
}

/** The password column of the role that a rotation logs in as. */
const passwordColumn = (rotation: number) => (rotation % 2 === 0 ? 'password_a' : 'password_b')

/** The sealed password of a rotation. */
export const sealedPassword = (row: DatabaseRow, rotation: number): string | null =>
  row[passwordColumn(rotation)]

/**
 * The other login role gets a new password and may log in; the present one goes on. When that role's own overlap has
 * not ended yet, its sessions end now: whoever rotates twice in ten minutes wants the old credentials gone.
 */
export async function beginRotation(deps: ServerDeps, appId: string, rotation: number): Promise<void> {
  const row = await getReady(deps, appId)
  if (row.rotation >= rotation) return
  const known = row.pending_rotation === rotation ? sealedPassword(row, rotation) : null
  const sealed = known ?? (await deps.secrets.seal(appId, makePassword()))
  if (known === null) {
    await disableLogin(deps.db, appId, rotation)
    await updateDatabase(deps.db, appId, {
      pending_rotation: rotation,
      [passwordColumn(rotation)]: sealed,
    })
  }
  await ensureLogin(deps.db, appId, rotation, await deps.secrets.open(appId, sealed))
}

/** The new credentials are in use; the old ones end after the overlap. Part of the caller's transaction. */
export async function finishRotation(
  deps: ServerDeps,
  tx: Db,
  appId: string,
  rotation: number,
): Promise<void> {
  const row = await findDatabase(tx, appId)
  if (row === undefined || row.rotation >= rotation) return
  await updateDatabase(tx, appId, { rotation, pending_rotation: null, rotated_at: deps.now() })
  const runAt = new Date(deps.now().getTime() + DATA_LIMITS.rotationOverlapS * 1000)
  await deps.jobs.add(tx, RETIRE, { appId, rotation: rotation - 1 }, { key: `${RETIRE}:${appId}`, runAt })
}

/** The rotation failed: what it let in is kept out again. */
export async function abandonRotation(deps: ServerDeps, appId: string, rotation: number): Promise<void> {
  const row = await read(() => findDatabase(deps.db, appId))
  if (row?.pending_rotation !== rotation) return
  await disableLogin(deps.db, appId, rotation)
  await transact(deps.db, (tx) => updateDatabase(tx, appId, { pending_rotation: null }))
}

/** Jobs of the data capability. */
export function dataJobs(deps: ServerDeps): Record<string, JobHandler> {
  return {
    [RETIRE]: async (payload) => {
      const { appId, rotation } = payload as { appId: string; rotation: number }
      const row = await read(() => findDatabase(deps.db, appId))
      // A newer rotation has given this role a new password, or is about to: then it isn't ours to end.
      if (row?.rotation !== rotation + 1 || row.pending_rotation !== null) return
      await disableLogin(deps.db, appId, rotation)
      deps.log.info('data.login_retired', { appId, rotation })
    },
  }
}
