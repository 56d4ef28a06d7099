import type { Host } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import { listHosts, mayAnswer } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { hostsWithImage } from './instance-store.ts'
import { builtOn } from './release-store.ts'
import type { ReleaseRow } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'db'>
type Made = Pick<ReleaseRow, 'built_on' | 'image'>

/** The hosts that are known to have what a release was made of, and to answer: the one that has built it first. With its image they have its code. */
async function hostsWithCode(deps: Deps, hosts: readonly Host[], release: Made): Promise<HostName[]> {
  const built = builtOn(deps, release)
  const having = release.image === null ? [] : await hostsWithImage(deps.db, release.image)
  const names = hosts.filter(mayAnswer).map(({ name }) => name)
  return [
    ...names.filter((name) => name === built),
    ...names.filter((name) => name !== built && having.includes(name)),
  ]
}

/** Where a command of a release runs: on the host that has built it, or where that is gone or silent, on one that has its image, too. */
export const hostForRun = (deps: Deps & Pick<ServerDeps, 'now'>, release: Made): Promise<HostName> =>
  read(async () => {
    const hosts = await listHosts(deps.db, deps.now())
    return (await hostsWithCode(deps, hosts, release))[0] ?? builtOn(deps, release)
  })

/** The hosts that may have what a release was made of, in the order in which they are worth asking. */
export const hostsForCode = (deps: Deps & Pick<ServerDeps, 'now'>, release: Made): Promise<HostName[]> =>
  read(async () => {
    const hosts = await listHosts(deps.db, deps.now())
    // Nobody remembers who ran an older release; the hosts that did keep its image while it can be rolled back to.
    const others = hosts.filter((host) => host.role === 'full' && mayAnswer(host)).map(({ name }) => name)
    const all = [...new Set([...(await hostsWithCode(deps, hosts, release)), ...others])]
    return all.length === 0 ? [builtOn(deps, release)] : all
  })

/** The host that a release belongs to: the one that has built it or, where the installation has that no more, one that has its image. */
export async function hostOfCode(deps: Deps, hosts: readonly Host[], release: Made): Promise<HostName> {
  const built = builtOn(deps, release)
  if (hosts.some(({ name }) => name === built)) return built
  return (await hostsWithCode(deps, hosts, release))[0] ?? built
}
