import { renderTimeLine } from '#drills/time-line.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { findRun, latestRuns } from './store.ts'

/**
 * The time line of each drill's last run, by the drill's name, for a page that has their style. A run never changes, so each
 * is drawn once: the Trust page is public, and a stranger who asks again and again must not keep us busy.
 */
export function makePictures(): (deps: ServerDeps) => Promise<ReadonlyMap<string, string>> {
  let drawn = new Map<string, string>()
  return async ({ db }) => {
    const latest = await read(() => latestRuns(db))
    const next = new Map<string, string>()
    for (const { id } of latest) next.set(id, drawn.get(id) ?? (await draw(db, id)))
    drawn = next
    return new Map(latest.map(({ drill, id }) => [drill, next.get(id) ?? '']))
  }
}

async function draw(db: ServerDeps['db'], id: string): Promise<string> {
  const result = await read(() => findRun(db, id))
  return (result && renderTimeLine(result, 'page')) ?? ''
}
