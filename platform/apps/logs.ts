import type { LogLine } from '#contract/apps.ts'
import type { HostName } from '#contract/ids.ts'
import type { LogQuery } from '#runtime/drivers/agent-client.ts'
import { asTheyCome } from '#runtime/kit/as-they-come.ts'
import { mergeByTime } from '#runtime/kit/merge-by-time.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { listInstances } from './instance-store.ts'
import type { AppRow } from './tables.ts'

/** What an app's instances print, of every host that has some. Followed lines come as they come. */
export async function openLogs(
  deps: ServerDeps,
  app: AppRow,
  query: Omit<LogQuery, 'app'>,
  signal: AbortSignal,
): Promise<AsyncIterable<LogLine>> {
  const rows = await read(() => listInstances(deps.db, [app.id]))
  const hosts = [...new Set(rows.map(({ host }) => host))]
  const of = (host: string) => deps.agents.of(host as HostName).logs({ app: app.name, ...query }, signal)
  if (hosts.length < 2) return of(hosts[0] ?? deps.config.host.name)
  if (query.follow) return asTheyCome(hosts.map(of))
  return mergeByTime(hosts.map(of))
}
