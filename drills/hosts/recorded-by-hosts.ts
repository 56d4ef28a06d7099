import type { ServiceName } from '#contract/fleet.ts'
import { findMoments, linesOf, type RecordedLine } from '../recorded-moments.ts'
import type { HostsPlace } from './hosts-place.ts'

const MEMBERS: readonly ServiceName[] = ['postgres-1', 'postgres-2']
const PROXY = 'pgproxy'

/**
 * Marks on the time line what the keepers of the pair and the proxies of the hosts wrote down about a change of the primary. What a
 * host that is off has written is read when it is back.
 */
export async function markRecordedByHosts(
  place: HostsPlace,
  { primary, atMs }: { readonly primary: string; readonly atMs: number },
): Promise<void> {
  const fault = new Date(Date.now() - (performance.now() - atMs))
  const lines: RecordedLine[] = []
  for (const { host, component } of await recorders(place)) {
    if (!(await place.isRunning(host))) continue
    const docker = await place.engine(host)
    lines.push(...(await linesOf({ docker, installation: place.installation }, component, fault)))
  }
  for (const { label, at, source } of findMoments(lines, fault, primary)) place.mark(label, { at, source })
}

async function recorders(place: HostsPlace) {
  const members = await Promise.all(
    MEMBERS.map(async (component) => ({ component, host: (await place.hostOf(component)).name })),
  )
  const proxies = place.hosts.filter(({ full }) => full)
  return [...members, ...proxies.map(({ name }) => ({ component: PROXY, host: name }))]
}
