import type { Host } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import { listHosts, mayAnswer } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { hostsWithImage } from './instance-store.ts'
import { builtOn } from './release-store.ts'
import type { ReleaseRow } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'db'>
type Clock = Pick<ServerDeps, 'now'>
type Made = Pick<ReleaseRow, 'built_on' | 'image'>

/** The hosts that are known to have what a release was made of: the one that has built it first. With its image they have its code. */
async function holdersOf(deps: Deps, hosts: readonly Host[], release: Made): Promise<Host[]> {
  const built = builtOn(deps, release)
  const having = release.image === null ? [] : await hostsWithImage(deps.db, release.image)
  const others = hosts.filter(({ name }) => name !== built && having.includes(name))
  return [...hosts.filter(({ name }) => name === built), ...others]
}

/** Where a command of a release runs: on the host that has built it, or where that is gone or silent, on one that has its image, too. */
export const hostForRun = (deps: Deps & Clock, release: Made): Promise<HostName> =>
  read(async () => {
    const holders = await holdersOf(deps, await listHosts(deps.db, deps.now()), release)
    return holders.find(mayAnswer)?.name ?? builtOn(deps, release)
  })

/** The hosts that may have what a release was made of: those that answer, in the order in which they are worth asking, and who has it for sure and is silent. */
export const hostsToAsk = (
  deps: Deps & Clock,
  release: Made,
): Promise<{ asked: HostName[]; silent: HostName | undefined }> =>
  read(async () => {
    const hosts = await listHosts(deps.db, deps.now())
    const holders = await holdersOf(deps, hosts, release)
    // Nobody remembers who ran an older release; the hosts that did keep its image while it can be rolled back to.
    const others = hosts.filter((host) => host.role === 'full' && !holders.includes(host))
    const asked = [...holders, ...others].filter(mayAnswer).map(({ name }) => name)
    return { asked, silent: holders.find((host) => !mayAnswer(host))?.name }
  })

/** The host that a release belongs to: the one that has built it or, where the installation has that no more, one that has its image. */
export async function keeperOf(deps: Deps, hosts: readonly Host[], release: Made): Promise<HostName> {
  const built = builtOn(deps, release)
  if (hosts.some(({ name }) => name === built)) return built
  const holders = await holdersOf(deps, hosts, release)
  return (holders.find(mayAnswer) ?? holders[0])?.name ?? built
}
