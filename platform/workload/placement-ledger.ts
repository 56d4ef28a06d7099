import type { PlacedInstance, PlacementHost } from './placement-plan.ts'

export interface HostLoad {
  readonly name: string
  readonly usedMb: number
  readonly roomMb: number
}

/** Who has which instances while a plan is made: what has been decided counts at once. */
export interface Ledger {
  host(name: string | null): PlacementHost | undefined
  /** The best host for an instance, apart from what it takes where it is; undefined when none is ready. */
  choose(instance: PlacedInstance): { readonly host: string; readonly tight: boolean } | undefined
  move(instance: PlacedInstance, to: string): void
  /** How many of a group run, or will. */
  living(group: string): number
  /** Whether it shares its host, or a data centre while another has fewer of its group. */
  crowded(instance: PlacedInstance): boolean
  /** How near it would be to its group on a host; less is better. */
  spread(instance: PlacedInstance, host: string): number
  /** The hosts that take instances, the emptiest first. */
  byLoad(): HostLoad[]
}

interface Account {
  readonly host: PlacementHost
  usedMb: number
}

/** Where a group's instances are: by host and by data centre. */
interface Group {
  readonly hosts: Map<string, number>
  readonly dataCentres: Map<string, number>
}

/** One more in the data centre is worse than any number on the host. */
const DATA_CENTRE_WEIGHT = 100_000
const EMPTY: Group = { hosts: new Map(), dataCentres: new Map() }

export function makeLedger(
  hosts: readonly PlacementHost[],
  instances: readonly PlacedInstance[],
  besides: ReadonlyMap<string, number>,
): Ledger {
  const accounts = new Map(
    hosts.map((host): [string, Account] => [host.name, { host, usedMb: besides.get(host.name) ?? 0 }]),
  )
  const ready = [...accounts.values()]
    .filter(({ host }) => host.standing === 'ready')
    .sort((a, b) => (a.host.name < b.host.name ? -1 : 1))
  const readyDataCentres = [...new Set(ready.map(({ host }) => host.dataCentre))]
  const groups = new Map<string, Group>()
  const place = new Map<string, string>()
  const count = (instance: PlacedInstance, name: string, by: 1 | -1) => {
    const account = accounts.get(name)
    if (account === undefined) return
    account.usedMb += by * instance.memoryMb
    const group = groups.get(instance.group) ?? { hosts: new Map(), dataCentres: new Map() }
    groups.set(instance.group, group)
    add(group.hosts, name, by)
    add(group.dataCentres, account.host.dataCentre, by)
  }
  const groupOf = (instance: PlacedInstance) => groups.get(instance.group) ?? EMPTY
  const placeOf = (instance: PlacedInstance) => accounts.get(place.get(instance.key) ?? '')
  const spread = (instance: PlacedInstance, account: Account) =>
    spreadAt(groupOf(instance), account.host, placeOf(instance)?.host)
  for (const instance of instances) {
    const account = accounts.get(instance.host ?? '')
    if (account === undefined || !stays(account.host, instance)) continue
    count(instance, account.host.name, 1)
    place.set(instance.key, account.host.name)
  }
  return {
    host: (name) => accounts.get(name ?? '')?.host,
    choose: (instance) => choose(ready, instance, groupOf(instance), placeOf(instance)?.host),
    move: (instance, to) => {
      const from = place.get(instance.key)
      if (from !== undefined) count(instance, from, -1)
      count(instance, to, 1)
      place.set(instance.key, to)
    },
    living: (group) => [...(groups.get(group)?.hosts.values() ?? [])].reduce((sum, one) => sum + one, 0),
    crowded: (instance) => {
      const at = placeOf(instance)
      if (at === undefined) return false
      const { hosts: onHosts, dataCentres } = groupOf(instance)
      const others = (dataCentres.get(at.host.dataCentre) ?? 1) - 1
      const fewest = Math.min(...readyDataCentres.map((name) => dataCentres.get(name) ?? 0))
      return others > fewest || (onHosts.get(at.host.name) ?? 0) > 1
    },
    spread: (instance, host) => spread(instance, accounts.get(host) as Account),
    byLoad: () =>
      ready
        .map(({ host, usedMb }) => ({ name: host.name, usedMb, roomMb: roomOf(host) }))
        .sort((a, b) => a.usedMb / a.roomMb - b.usedMb / b.roomMb),
  }
}

const roomOf = (host: PlacementHost) => Math.max(1, host.roomMb)

function add(counts: Map<string, number>, name: string, by: number): void {
  const sum = (counts.get(name) ?? 0) + by
  if (sum === 0) counts.delete(name)
  else counts.set(name, sum)
}

const stays = ({ standing }: PlacementHost, { still }: PlacedInstance) =>
  standing === 'ready' || standing === 'quiet' || (standing === 'leaving' && still)

/** How near an instance would be to the others of its group; it does not count itself, where it is now. */
function spreadAt(group: Group, to: PlacementHost, now: PlacementHost | undefined): number {
  const inDataCentre =
    (group.dataCentres.get(to.dataCentre) ?? 0) - (now?.dataCentre === to.dataCentre ? 1 : 0)
  const onHost = (group.hosts.get(to.name) ?? 0) - (now?.name === to.name ? 1 : 0)
  return inDataCentre * DATA_CENTRE_WEIGHT + onHost
}

/** Room first, then apart from its group, then where least is promised; the name decides between equals. */
function choose(
  ready: readonly Account[],
  instance: PlacedInstance,
  group: Group,
  now: PlacementHost | undefined,
): { host: string; tight: boolean } | undefined {
  let best: { host: string; tight: boolean; spread: number; load: number } | undefined
  for (const { host, usedMb } of ready) {
    const used = usedMb + (host.name === now?.name ? 0 : instance.memoryMb)
    const tight = used > host.roomMb
    if (best !== undefined && tight && !best.tight) continue
    const spread = spreadAt(group, host, now)
    const load = used / roomOf(host)
    const better =
      best === undefined ||
      (best.tight && !tight) ||
      spread < best.spread ||
      (spread === best.spread && load < best.load)
    if (better) best = { host: host.name, tight, spread, load }
  }
  return best
}
