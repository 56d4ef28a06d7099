import type { ServiceName } from '#contract/fleet.ts'
import type { HostsDrill } from '../drill.ts'
import type { HostsPlace, LabHost } from './hosts-place.ts'

/** Whether a drill takes two hosts in a data centre, and the lab has not got them. */
export const lacksSpare = (
  { spareHost }: Pick<HostsDrill, 'spareHost'>,
  { hosts }: { readonly hosts: readonly LabHost[] },
): boolean => spareHost === true && hosts.every((host) => spareOf(host, hosts) === undefined)

/** Another full host of the data centre; never the first, which nothing is placed on. */
const spareOf = (host: LabHost, hosts: readonly LabHost[]): LabHost | undefined =>
  hosts.find((one) => one.full && !one.first && one.name !== host.name && one.dataCentre === host.dataCentre)

/** A host with a member of the database pair, and who can take its place. */
export interface Replacement {
  readonly old: LabHost
  readonly next: LabHost
  /** The member that is on the host that goes. */
  readonly member: 'postgres-1' | 'postgres-2'
}

/** Looks where the members of the pair are; one of them is on a host that is not the first. */
export async function findReplacement(place: Pick<HostsPlace, 'hosts' | 'hostOf'>): Promise<Replacement> {
  const members = ['postgres-2', 'postgres-1'] as const satisfies readonly ServiceName[]
  for (const member of members) {
    const old = await place.hostOf(member)
    const next = spareOf(old, place.hosts)
    if (!old.first && next !== undefined) return { old, next, member }
  }
  throw new Error('no host with a member of the database has another one beside it in its data centre')
}
