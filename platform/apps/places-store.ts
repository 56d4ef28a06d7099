import type { MoveStep } from './moves-plan.ts'
import { apps, type Db, type InstanceRow } from './tables.ts'

const one = (row: InstanceRow) => ({
  app_id: row.app_id,
  process: row.process,
  index: row.index,
  release: row.release,
  epoch: row.epoch,
  host: row.host,
})

/** Starts the instance elsewhere; where it was, it is gone, or ends when the host is heard again. */
export async function replaceLost(tx: Db, row: InstanceRow, to: string): Promise<void> {
  await remove(tx, row)
  // What was on its way out anyway is over.
  if (row.traffic !== 'drain') await insert(tx, row, to, false)
}

/** Starts the instance elsewhere while it goes on where it is. */
export async function moveTo(tx: Db, row: InstanceRow, to: string, couldWait: boolean): Promise<void> {
  await apps(tx)
    .updateTable('apps_instance')
    .set({ leaving_since: new Date() })
    .where((where) => where.and(one(row)))
    .execute()
  await insert(tx, row, to, couldWait)
}

/** Does one step of a move under way. */
export async function applyMoveStep(tx: Db, row: InstanceRow | undefined, step: MoveStep): Promise<void> {
  if (row === undefined) return
  if (step.kind === 'end') return await remove(tx, row)
  const change =
    step.kind === 'drain'
      ? { traffic: 'drain' as const, leaving_since: new Date() }
      : { leaving_since: null, ...(row.traffic === 'drain' ? { traffic: 'serve' as const } : {}) }
  await apps(tx)
    .updateTable('apps_instance')
    .set(change)
    .where((where) => where.and(one(row)))
    .execute()
}

async function remove(tx: Db, row: InstanceRow): Promise<void> {
  await apps(tx)
    .deleteFrom('apps_instance')
    .where((where) => where.and(one(row)))
    .execute()
}

async function insert(tx: Db, row: InstanceRow, host: string, moved: boolean): Promise<void> {
  await apps(tx)
    .insertInto('apps_instance')
    .values({ ...one(row), host, image: row.image, traffic: row.traffic, moved, leaving_since: null })
    .execute()
}
