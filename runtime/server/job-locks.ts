import type pg from 'pg'
import { JOBS_SCHEMA } from './jobs.ts'
import { holdLocks, releaseOrphans } from './process-store.ts'

/** How a job's error starts when the control plane stopped in the middle of it. */
export const INTERRUPTED = 'interrupted: the control plane stopped'

/** The ids that this process's locks of jobs carry: known to the others before the first lock carries them. */
export interface JobLocks {
  /** When it resolves, a job may be taken under the id. Throws while the database is away. */
  hold(lockId: string): Promise<void>
  /** No job runs under the id any more. What is left under it is given back by the next `settle`. */
  drop(lockId: string): void
  /** Gives back what nobody holds, and lets what a stop has interrupted run at once. */
  settle(): Promise<void>
}

/** The locks of one process. */
export function makeJobLocks(pool: pg.Pool, process: string): JobLocks {
  const held = new Set<string>()
  let known = ''
  let last: Promise<unknown> = Promise.resolve()
  // One after the other: an earlier list must not arrive behind a later one.
  const tell = () => {
    const told = last.then(async () => {
      const ids = [...held]
      if (ids.join() === known) return
      if (!(await holdLocks(pool, process, ids)))
        throw new Error('another control plane has replaced this one')
      known = ids.join()
    })
    last = told.catch(() => undefined)
    return told
  }
  return {
    async hold(lockId) {
      held.add(lockId)
      await tell()
    },
    drop: (lockId) => void held.delete(lockId),
    async settle() {
      await tell()
      await releaseOrphans(pool)
      await hurryInterrupted(pool)
    },
  }
}

/** Interrupted jobs get their attempt back and run at once. */
async function hurryInterrupted(pool: pg.Pool): Promise<void> {
  await pool.query(
    `select ${JOBS_SCHEMA}.reschedule_jobs(array[id], run_at := now(), attempts := greatest(attempts - 1, 0))
     from ${JOBS_SCHEMA}.jobs where last_error like $1 || '%' and run_at > now() and locked_by is null`,
    [INTERRUPTED],
  )
}
