import type { HostStacks } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import { listHosts, mayAnswer } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'

/** What a host says of its stacks; `silent`: it does not answer now; `gone`: it belongs to the installation no more. */
export type Told = HostStacks | 'silent' | 'gone'

/** The stacks of all hosts: a release is put on a newer one where what it was made of is, which is where it was built while that host is there. */
export interface AllStacks {
  /** Hosts that run apps and answer, with what they say, by name. */
  readonly hosts: ReadonlyMap<HostName, HostStacks>
  of(host: HostName): Told
}

/** Asks every host that runs apps, or only some of them: what the others have counts as not said. */
export async function loadStacks(deps: ServerDeps, only?: ReadonlySet<HostName>): Promise<AllStacks> {
  const members = (await read(() => listHosts(deps.db, deps.now()))).filter(({ role }) => role === 'full')
  const own = deps.config.host.name
  const asked = new Set([own, ...members.map(({ name }) => name)])
  const away = new Set(members.filter((host) => !mayAnswer(host)).map(({ name }) => name))
  const isAsked = (host: HostName) => (only?.has(host) ?? true) && (host === own || !away.has(host))
  const told = await Promise.all(
    [...asked].filter(isAsked).map(async (host) => [host, await askOne(deps, host)] as const),
  )
  const hosts = new Map<HostName, HostStacks>()
  for (const [host, stacks] of told) if (stacks !== undefined) hosts.set(host, stacks)
  return {
    hosts: new Map([...hosts].sort(([one], [other]) => (one < other ? -1 : 1))),
    of: (host) => hosts.get(host) ?? (asked.has(host) ? 'silent' : 'gone'),
  }
}

async function askOne(deps: ServerDeps, host: HostName): Promise<HostStacks | undefined> {
  try {
    return await deps.agents.of(host).stacks()
  } catch (error) {
    deps.log.warn('stacks.host_away', { host, error })
    return undefined
  }
}
