import type { HostName } from '#contract/ids.ts'
import { listHosts, mayAnswer } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { hostsWithImage } from './instance-store.ts'
import { builtOn } from './release-store.ts'
import type { ReleaseRow } from './tables.ts'

/** Where a command of a release runs: on the host that has built it, or where that is gone or silent, on one that has its image, too. */
export async function hostForRun(
  deps: Pick<ServerDeps, 'config' | 'db' | 'now'>,
  release: ReleaseRow,
): Promise<HostName> {
  const built = builtOn(deps, release)
  const hosts = await read(() => listHosts(deps.db, deps.now()))
  const answers = (name: HostName) => hosts.some((host) => host.name === name && mayAnswer(host))
  if (answers(built) || release.image === null) return built
  const { image } = release
  return (await read(() => hostsWithImage(deps.db, image))).find(answers) ?? built
}
