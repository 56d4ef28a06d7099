import type { PlatformStatus } from '#contract/platform.ts'
import type { UpstreamReport } from '#contract/upstream.ts'
import { recordOwnAct } from '#platform/audit/index.ts'
import { type HostReports, isFresh, loadReports } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { beginDropping } from './announce.ts'
import type { UpstreamSnapshot } from './plan.ts'
import { type AutomaticAct, planAutomatic } from './plan-automatic.ts'
import { describeProblems } from './problems.ts'
import { loadUpstream } from './snapshot.ts'
import { type Db, holdUpstreams, listLetThrough } from './store.ts'

/** Longer than any limit's time. */
const LET_THROUGH_MS = 86_400_000

/** Addresses that get more than a limit. What a silent host said last is over: it would ask anew each time that the last end has come. */
export const aboveNow = (reports: HostReports, at: Date): UpstreamReport['above'] =>
  [...reports.values()].flatMap((received) =>
    isFresh(received, at) ? (received.report.upstream?.above ?? []) : [],
  )

/** What limits ask for now. */
async function dueByLimits(db: Db, snapshot: UpstreamSnapshot, at: Date): Promise<AutomaticAct[]> {
  if (snapshot.providers.every(({ automatic }) => automatic === null)) return []
  const above = aboveNow(await loadReports(db), at)
  const paused = await listLetThrough(db, new Date(at.getTime() - LET_THROUGH_MS))
  return planAutomatic(snapshot, above, paused, at)
}

/** One look at the limits: does what they ask for, and gives what was refused. */
export async function actByLimits({
  db,
  now,
  config,
}: Pick<ServerDeps, 'db' | 'now' | 'config'>): Promise<AutomaticAct[]> {
  const at = now()
  const { https } = config.installation.ports
  const due = await read(async () => dueByLimits(db, await loadUpstream(db, at, https), at))
  if (due.some(({ refusal }) => refusal === undefined))
    await transact(db, async (tx) => {
      await holdUpstreams(tx)
      // One after the other: each may leave only the last address.
      for (;;) {
        const snapshot = await loadUpstream(tx, at, https)
        // What is done is due no more.
        const next = (await dueByLimits(tx, snapshot, at)).find(({ refusal }) => refusal === undefined)
        if (next === undefined) break
        const { wanted, minutes, reason } = next
        const asked = { ...wanted, minutes, reason, by: 'maru', automatic: true }
        await beginDropping(tx, snapshot, asked, at)
        const told = { upstream: wanted.upstream, minutes, reason }
        await recordOwnAct(tx, { action: 'upstream.announced', on: { address: wanted.address }, told }, at)
      }
    })
  return due.filter(({ refusal }) => refusal !== undefined)
}

/** What people should know of providers. */
export async function upstreamProblems(
  { db, config }: Pick<ServerDeps, 'db' | 'config'>,
  at: Date,
): Promise<PlatformStatus['problems']> {
  const loaded = await loadUpstream(db, at, config.installation.ports.https)
  return describeProblems(loaded, await dueByLimits(db, loaded, at))
}
