import type { Host } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import { listHosts, mayAnswer } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { hostsWithImage } from './instance-store.ts'
import { builtOn } from './release-store.ts'
import type { ReleaseRow } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'db' | 'now'>
type Made = Pick<ReleaseRow, 'built_on' | 'image'>

/**
 * The hosts that are known to have what a release was made of, and to answer: the one that has built it first. One that has its
 * image has the code, too.
 */
async function hostsWithCode(deps: Deps, release: Made): Promise<HostName[]> {
  const names = await answering(deps)
  const built = builtOn(deps, release)
  const having = release.image === null ? [] : await read(() => hostsWithImage(deps.db, release.image ?? ''))
  return [...new Set([built, ...having])].filter((name) => names.includes(name))
}

const answering = async ({ db, now }: Deps): Promise<HostName[]> =>
  (await read(() => listHosts(db, now())))
    .filter((host) => host.role === 'full' && mayAnswer(host))
    .map(({ name }) => name)

/** Where a command of a release runs: on the host that has built it, or where that is gone or silent, on one that has its image, too. */
export const hostForRun = async (deps: Deps, release: Made): Promise<HostName> =>
  (await hostsWithCode(deps, release))[0] ?? builtOn(deps, release)

/** The hosts that may have what a release was made of, in the order in which they are worth asking. */
export async function hostsForCode(deps: Deps, release: Made): Promise<HostName[]> {
  const known = await hostsWithCode(deps, release)
  // Nobody remembers who ran an older release; the hosts that did keep its image while it can be rolled back to.
  const all = [...new Set([...known, ...(await answering(deps))])]
  return all.length === 0 ? [builtOn(deps, release)] : all
}

/** The host that a release belongs to: the one that has built it or, where the installation has that no more, one that has its image. */
export async function hostOfCode(
  deps: Pick<Deps, 'config' | 'db'>,
  hosts: readonly Host[],
  release: Made,
): Promise<HostName> {
  const built = builtOn(deps, release)
  const { image } = release
  if (image === null || hosts.some(({ name }) => name === built)) return built
  const having = await hostsWithImage(deps.db, image)
  return hosts.find((host) => mayAnswer(host) && having.includes(host.name))?.name ?? built
}
