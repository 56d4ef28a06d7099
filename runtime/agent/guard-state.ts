import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GuardOrders, NO_ORDERS } from '#contract/guard.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import {
  bridgeSettings,
  type EventBook,
  FLOOD_SETTINGS,
  type Hold,
  type HostGuard,
  makeEventBook,
  makeHostGuard,
  makeTally,
  outwardAmong,
  SavedHolds,
  type Tally,
  type Wanted,
} from '#platform/guard/host.ts'
import { readJson } from '#runtime/drivers/files.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import type { Sysctl } from '#runtime/drivers/sysctl.ts'
import { type InTurn, makeInTurn } from '#runtime/kit/in-turn.ts'
import type { Log } from '#runtime/kit/log.ts'
import { type DoorWatch, type PlacedDoor, watchDoor } from './door-watch.ts'
import type { HostMembership } from './membership.ts'
import { type MendBook, makeMendBook } from './mend-book.ts'
import { makeOpenPorts, type OpenPorts } from './open-ports.ts'
import { packetCounter } from './packet-counter.ts'
import type { InstancePort } from './take-notice.ts'

export type PortsOf = 'instances' | 'builds' | 'parts'

/** What a guard works with, and what it remembers. */
export interface State {
  readonly guard: HostGuard
  readonly book: EventBook
  readonly tally: Tally
  readonly count: ReturnType<typeof packetCounter>
  readonly log: Log
  readonly membership: GuardDeps['membership']
  /** The host's own address: what claims to be from it and comes from outside is forged. */
  readonly own: string | undefined
  /** Where the kernel shows who listens. */
  readonly shown: string | undefined
  readonly files: { readonly orders: string; readonly holds: string }
  readonly webPorts: readonly number[]
  /** Of the kernel. Those of a bridge go with it, and may have to be made anew. */
  readonly settings: readonly Sysctl[]
  orders: GuardOrders
  holds: readonly Hold[]
  wanted: Wanted[]
  readonly bound: Map<PortsOf, readonly InstancePort[]>
  ports: readonly InstancePort[]
  problem: string
  readonly mends: MendBook
  /** Looks come one after the other. */
  readonly inTurn: InTurn
  readonly open: OpenPorts
  door: DoorWatch
}

export interface GuardDeps {
  readonly log: Log
  readonly membership: Pick<HostMembership, 'fleet'>
  readonly nft: Nft
  /** Where everybody comes in. */
  readonly door?: PlacedDoor
  /** Of the kernel; left out: what a host needs. */
  readonly settings?: readonly Sysctl[]
  /** Another network than this program's own: arguments that lead into it, and what the kernel shows of it. */
  readonly network?: { readonly enter: readonly string[]; readonly folder: string }
}

export type GuardConfig = Pick<AgentConfig, 'home' | 'installation'> & Partial<Pick<AgentConfig, 'host'>>

/** Where the kernel has an entry for each of the host's cards. */
const CARDS = '/sys/class/net'

/** What was remembered when the agent ended. */
export async function openState(
  { home, installation, host }: GuardConfig,
  { log, membership, nft, network, door, settings }: GuardDeps,
): Promise<State> {
  const folder = join(home, HOME.agent)
  const files = { orders: join(folder, 'guard-orders.json'), holds: join(folder, 'guard-holds.json') }
  const book = makeEventBook(Date.now())
  const state: State = {
    door: watchDoor(door, book, (address) => appAt(state, address)),
    webPorts: Object.values(installation.ports),
    settings: settings ?? [...FLOOD_SETTINGS, ...bridgeSettings(installation)],
    own: host?.address,
    guard: makeHostGuard(nft, {
      ...installation,
      witness: host?.role === 'witness',
      outward: network === undefined ? outwardAmong(await readdir(CARDS)) : [],
    }),
    ...{ book, tally: makeTally(), count: packetCounter(nft, installation) },
    ...{ log, membership, files, wanted: [], problem: '', mends: makeMendBook(log) },
    ...{ bound: new Map(), ports: [] },
    ...{ inTurn: makeInTurn(), open: makeOpenPorts(installation, network?.folder), shown: network?.folder },
    orders: GuardOrders.parse((await readJson(files.orders)) ?? NO_ORDERS),
    holds: SavedHolds.parse((await readJson(files.holds)) ?? []),
  }
  return state
}

/** Whose instance has an address here. */
export const appAt = ({ ports }: State, address: string) =>
  ports.find((port) => port.address === address)?.app ?? null
