import type { AppName } from '#contract/ids.ts'
import { teamOfApp } from '#platform/apps/index.ts'
import { isFresh, loadReports, REPORTED } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import type { Feed } from './feed.ts'
import { differences, type HostPicture, joinPictures, pictureOf } from './host-changes.ts'

/** A host that says nothing rings no bell; its silence shows by itself. */
const LOOK_AGAIN_MS = 2_000

/** Tells what changes on the hosts, until the signal is aborted: instances come and go without any request. */
export async function watchHost(deps: ServerDeps, feed: Feed, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(REPORTED)
  let before: HostPicture | undefined
  let complained = false
  while (!signal.aborted) {
    try {
      const after = await look(deps)
      if (before && after) await tellDifferences(deps, feed, before, after)
      before = after
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('live.host_not_seen', { error })
      complained = true
    }
    await bell.wait(LOOK_AGAIN_MS, signal)
  }
  bell.close()
}

async function look({ db, now }: ServerDeps): Promise<HostPicture | undefined> {
  const reports = [...(await read(() => loadReports(db))).values()]
  if (reports.length === 0) return undefined
  return joinPictures(reports.map((received) => pictureOf(received.report, !isFresh(received, now()))))
}

async function tellDifferences(
  { db }: ServerDeps,
  feed: Feed,
  before: HostPicture,
  after: HostPicture,
): Promise<void> {
  const { apps, platform } = differences(before, after)
  if (platform) feed.tell({ kind: 'platform' })
  if (platform || apps.length > 0) feed.tell({ kind: 'hosts' })
  for (const app of apps) {
    const team = await read(() => teamOfApp(db, app))
    // An app that is gone was announced by whoever removed it.
    if (team !== undefined) feed.tell({ kind: 'app', team, app: app as AppName })
  }
}
