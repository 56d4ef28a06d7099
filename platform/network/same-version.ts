import { MaruError } from '#contract/errors.ts'
import type { Host } from '#contract/host-view.ts'
import { listHosts } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { Db } from './store.ts'

/**
 * Refuses while not every host runs this version: one of a version before refuses what is on trial, so that what is kept after it would
 * come to that host untried.
 */
export async function refuseMixedVersions(tx: Db, { config }: Pick<ServerDeps, 'config'>): Promise<void> {
  refuseOthers(await listHosts(tx), config.version)
}

/** What decides it. A host that has not said its version is not known to have this one. */
export function refuseOthers(all: ReadonlyArray<Pick<Host, 'name' | 'version'>>, want: string): void {
  const others = all.filter(({ version }) => version !== want)
  if (others.length === 0) return
  const hosts = others.map(({ name, version }) => `${name} (${version ?? 'not known yet'})`).join(', ')
  throw new MaruError('network.versions_differ', { want, hosts })
}
