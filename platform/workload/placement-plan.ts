import { type HostLoad, type Ledger, makeLedger } from './placement-ledger.ts'

/**
 * How a host stands to instances. `ready`: takes them. `quiet`: keeps those that it has and gets no other.
 * `leaving`: they move away from it while they serve. `lost`: they are gone, and are replaced.
 */
export type Standing = 'ready' | 'quiet' | 'leaving' | 'lost'

export interface PlacementHost {
  readonly name: string
  readonly dataCentre: string
  /** How much of its memory instances may be promised. */
  readonly roomMb: number
  readonly standing: Standing
}

export interface PlacedInstance {
  /** Unique among all instances; decides between equals. */
  readonly key: string
  /** Instances of one process and one release: they are kept apart. */
  readonly group: string
  readonly memoryMb: number
  /** Null: it has none yet. */
  readonly host: string | null
  /** Stays where it is unless its host is lost: its app is being changed, or it is moving already. */
  readonly still: boolean
}

export interface PlacementInput {
  readonly hosts: readonly PlacementHost[]
  readonly instances: readonly PlacedInstance[]
  /** Memory that hosts have promised to instances that are not planned here, by host. */
  readonly besides?: ReadonlyMap<string, number>
  /** So many instances may move now that could also stay. */
  readonly movesLeft: number
}

/** `new`, `lost` and `drain` have to be; `spread` and `balance` could also wait. */
export interface Move {
  readonly key: string
  readonly from: string | null
  readonly to: string
  readonly why: 'new' | 'lost' | 'drain' | 'spread' | 'balance'
  /** The host has promised more memory than it has for instances. */
  readonly tight: boolean
}

export interface PlacementPlan {
  readonly moves: readonly Move[]
  /** Instances that should move and cannot: no host has room for them. */
  readonly waiting: readonly string[]
}

/**
 * Where instances go: an instance stays unless it has to move, then it goes where fewest of its group are, first by
 * data centre, then by host, and among those to the host that has promised least. Some that could stay move too, a few at
 * a time, until pairs are apart and hosts are even.
 */
export function planPlacement(input: PlacementInput): PlacementPlan {
  const ledger = makeLedger(input.hosts, input.instances, input.besides ?? new Map())
  const { moves, waiting } = moveWhatMust(ledger, input.instances)
  const moved = new Set([...moves.map(({ key }) => key), ...waiting])
  const free = input.instances.filter(
    ({ key, host, still }) => !still && !moved.has(key) && ledger.host(host)?.standing === 'ready',
  )
  const spread = spreadOut(ledger, free, input.movesLeft)
  const apart = new Set(spread.map(({ key }) => key))
  const balance = evenOut(
    ledger,
    free.filter(({ key }) => !apart.has(key)),
    input.movesLeft - spread.length,
  )
  return { moves: [...moves, ...spread, ...balance], waiting }
}

/**
 * What has no host, or one that is lost or to be emptied. Where nobody has room, an instance whose group runs elsewhere
 * waits: less of an app is better than a host without memory. One that is new, or the last of its group, goes to the
 * host that has promised least for what it has.
 */
function moveWhatMust(
  ledger: Ledger,
  instances: readonly PlacedInstance[],
): PlacementPlan & { moves: Move[] } {
  const moves: Move[] = []
  const waiting: string[] = []
  for (const { instance, why } of instances.flatMap((one) => mustMove(ledger, one)).sort(byNeed(ledger))) {
    const to = ledger.choose(instance)
    const needed = why === 'new' || (why === 'lost' && ledger.living(instance.group) === 0)
    if (to === undefined || (to.tight && !needed)) {
      waiting.push(instance.key)
      continue
    }
    ledger.move(instance, to.host)
    moves.push({ key: instance.key, from: instance.host, to: to.host, why, tight: to.tight })
  }
  return { moves, waiting }
}

interface Needy {
  readonly instance: PlacedInstance
  readonly why: 'new' | 'lost' | 'drain'
}

function mustMove(ledger: Ledger, instance: PlacedInstance): Needy[] {
  if (instance.host === null) return [{ instance, why: 'new' }]
  const standing = ledger.host(instance.host)?.standing ?? 'lost'
  if (standing === 'lost') return [{ instance, why: 'lost' }]
  return standing === 'leaving' && !instance.still ? [{ instance, why: 'drain' }] : []
}

/** Groups of which nothing is left come first. */
const byNeed = (ledger: Ledger) => (a: Needy, b: Needy) =>
  Math.min(1, ledger.living(a.instance.group)) - Math.min(1, ledger.living(b.instance.group)) ||
  compare(a.instance.key, b.instance.key)

/** Takes instances of a group apart that share a data centre or a host although there is another with room. */
function spreadOut(ledger: Ledger, instances: readonly PlacedInstance[], movesLeft: number): Move[] {
  const moves: Move[] = []
  if (movesLeft <= 0) return moves
  for (const instance of instances.filter((one) => ledger.crowded(one)).sort(byKey)) {
    if (moves.length >= movesLeft) break
    const from = instance.host as string
    const to = ledger.choose(instance)
    if (to === undefined || to.tight) continue
    if (ledger.spread(instance, to.host) >= ledger.spread(instance, from)) continue
    ledger.move(instance, to.host)
    moves.push({ key: instance.key, from, to: to.host, why: 'spread', tight: false })
  }
  return moves
}

/** Moves from the fullest to the emptiest as long as the fullest stays the fuller one: so nothing moves to and fro. */
function evenOut(ledger: Ledger, instances: readonly PlacedInstance[], movesLeft: number): Move[] {
  const moves: Move[] = []
  const byHost = Map.groupBy([...instances].sort(byKey), ({ host }) => host as string)
  while (moves.length < movesLeft) {
    const next = nextLevelling(ledger, byHost)
    if (next === undefined) break
    const { instance, to } = next
    const from = instance.host as string
    ledger.move(instance, to)
    byHost.set(
      from,
      (byHost.get(from) ?? []).filter((one) => one !== instance),
    )
    moves.push({ key: instance.key, from, to, why: 'balance', tight: false })
  }
  return moves
}

function nextLevelling(
  ledger: Ledger,
  byHost: ReadonlyMap<string, readonly PlacedInstance[]>,
): { instance: PlacedInstance; to: string } | undefined {
  const hosts = ledger.byLoad()
  for (const from of [...hosts].reverse()) {
    for (const instance of byHost.get(from.name) ?? []) {
      const to = hosts.find((one) => !evens(instance, from, one) || takes(ledger, instance, from, one))
      if (to !== undefined && evens(instance, from, to)) return { instance, to: to.name }
    }
  }
  return undefined
}

/** Whether the fuller host stays the fuller one. It is false for all that come after the first for which it is. */
const evens = (instance: PlacedInstance, from: HostLoad, to: HostLoad) =>
  from.name !== to.name &&
  (from.usedMb - instance.memoryMb) / from.roomMb >= (to.usedMb + instance.memoryMb) / to.roomMb

const takes = (ledger: Ledger, instance: PlacedInstance, from: HostLoad, to: HostLoad) =>
  to.usedMb + instance.memoryMb <= to.roomMb &&
  ledger.spread(instance, to.name) <= ledger.spread(instance, from.name)

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const byKey = (a: PlacedInstance, b: PlacedInstance) => compare(a.key, b.key)

/** A plan as text for logs and tests. */
export function renderPlacement({ moves, waiting }: PlacementPlan): string {
  const lines = moves.map(
    ({ key, from, to, why, tight }) =>
      `${key}: ${from ?? 'nowhere'} → ${to} (${why}${tight ? ', tight' : ''})`,
  )
  return [...lines, ...waiting.map((key) => `${key}: waits for room`)].join('\n') || 'nothing moves'
}
