import { GUARD_LIMITS } from '#contract/guard.ts'
import { networkOf } from '#contract/networks.ts'
import { senderOf } from './long-view.ts'
import type { PacketNotice } from './notice.ts'

const { spreadSenders, spreadNetworks, spreadQuestions, spreadPerMinute } = GUARD_LIMITS
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** Of one address, pairs of sender and port in a search, and ports that somebody asked for within the hour; the oldest go first. */
export const PAIRS = 4_096
/** So many held senders are named; more are a number. */
const NAMED = 5
/** Own addresses that are asked for ports; the longest unasked goes first. */
const DESTINATIONS = 16

/** A search of one address that is spread over senders of unrelated networks. */
export interface Many {
  readonly destination: string
  readonly senders: number
  readonly networks: number
  readonly ports: number
  /** Senders that are held for what they asked for by themselves, and who they are as long as they are few. */
  readonly held: number
  readonly named: readonly string[]
  /** Milliseconds. */
  readonly since: number
  /** Packets since it was told of last. */
  readonly packets: number
  /** More came than is remembered: the numbers are the least. */
  readonly isFull: boolean
  /** Its last sender is held for what nobody else asks in his way: a scan of its own, which is told of by itself, too. */
  readonly isAlone: boolean
}

/** Puts together by destination what many senders ask for. */
export interface SpreadView {
  /** Takes a packet that was refused; gives the search that it belongs to while one goes on. */
  note(notice: PacketNotice): Many | undefined
}

interface Pair {
  readonly sender: string
  readonly network: string
  readonly port: string
}

interface Search {
  /** When a port was asked for last, by whomever. */
  readonly asked: Map<string, number>
  readonly pairs: Map<string, Pair>
  /** How many of the pairs each is in. */
  readonly senders: Map<string, number>
  readonly networks: Map<string, number>
  readonly ports: Map<string, number>
  readonly held: Set<string>
  /** Questions that nobody asks by chance, less what background noise may ask in the time since. */
  level: number
  at: number
  since: number
  packets: number
  isTold: boolean
  isFull: boolean
}

const newSearch = (at: number, isFull: boolean): Search => ({
  ...{ asked: new Map(), pairs: new Map(), held: new Set() },
  ...{ senders: new Map(), networks: new Map(), ports: new Map() },
  ...{ level: 0, at, since: at, packets: 0, isTold: false, isFull },
})

/**
 * A question counts when it is for a port that nobody asked for within the hour, or by a sender who asked for another already: a
 * crowd that asks for one port, as old peers and worms do, is no search. What counts fills a measure that empties by so many a
 * minute; noise stays below that, and a search runs it over. It says nothing of whom to hold: each address may be forged.
 */
export function makeSpreadView(): SpreadView {
  const searches = new Map<string, Search>()
  return {
    note: (notice) => {
      if (notice.notice !== 'probe' && notice.notice !== 'hold' && notice.notice !== 'trick') return undefined
      const search = searchOf(searches, notice)
      take(search, notice)
      return tell(search, notice)
    },
  }
}

function searchOf(searches: Map<string, Search>, { destination, at }: PacketNotice): Search {
  const known = searches.get(destination)
  const [oldest] = known === undefined && searches.size >= DESTINATIONS ? searches : []
  if (oldest !== undefined) searches.delete(oldest[0])
  const isFull = oldest !== undefined && at - oldest[1].at < HOUR_MS
  const search = known ?? newSearch(at, isFull)
  if (known !== undefined) ebb(known, at)
  searches.delete(destination)
  searches.set(destination, search)
  return search
}

/** A search is over when the measure is empty. */
function ebb(search: Search, at: number): void {
  search.level -= (Math.max(0, at - search.at) / MINUTE_MS) * spreadPerMinute
  search.at = at
  for (const [port, time] of search.asked) {
    if (at - time <= HOUR_MS) break
    search.asked.delete(port)
  }
  if (search.level > 0) return
  const { pairs, senders, networks, ports, held } = search
  for (const one of [pairs, senders, networks, ports, held]) one.clear()
  Object.assign(search, { level: 0, since: at, packets: 0, isTold: false, isFull: false })
}

function take(search: Search, { notice, source, port, protocol, at }: PacketNotice): void {
  const sender = senderOf(source)
  const asked = `${port ?? ''}/${protocol}`
  const pair = `${sender} ${asked}`
  search.packets++
  // The kernel tells of the packet that held somebody twice: as one that asked, and as that.
  if (notice === 'hold') search.held.add(sender)
  const counts = notice === 'trick' || !search.asked.has(asked) || search.senders.has(sender)
  search.asked.delete(asked)
  search.asked.set(asked, at)
  if (!search.pairs.has(pair)) {
    if (counts) search.level = Math.min(search.level + 1, 2 * spreadQuestions)
    const network = networkOf(source, { 4: 24, 6: 48 })
    search.pairs.set(pair, { sender, network, port: asked })
    more(search.senders, sender)
    more(search.networks, network)
    more(search.ports, asked)
  }
  makeRoom(search)
}

/** The oldest go first. */
function makeRoom(search: Search): void {
  const [first] = search.pairs.size > PAIRS ? search.pairs : []
  if (first !== undefined) {
    const [pair, { sender, network, port }] = first
    search.isFull = true
    search.pairs.delete(pair)
    if (less(search.senders, sender)) search.held.delete(sender)
    less(search.networks, network)
    less(search.ports, port)
  }
  const [oldest] = search.asked.size > PAIRS ? search.asked.keys() : []
  if (oldest !== undefined) search.asked.delete(oldest)
}

const more = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)

/** Tells whether it was the last. */
function less(counts: Map<string, number>, key: string): boolean {
  const left = (counts.get(key) ?? 1) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
  return left <= 0
}

/**
 * Whether a sender is held and no decoy. Decoys ask what their scanner asks: of the ports of one, most were asked for by each of many
 * others. Noise that somebody makes to keep a search open asks for others.
 */
function isAlone({ pairs }: Search, { notice, source }: PacketNotice): boolean {
  if (notice !== 'hold') return false
  const sender = senderOf(source)
  const own = new Set([...pairs.values()].flatMap((one) => (one.sender === sender ? [one.port] : [])))
  const alike = new Map<string, number>()
  for (const one of pairs.values()) if (one.sender !== sender && own.has(one.port)) more(alike, one.sender)
  const copies = [...alike.values()].filter((shared) => shared * 2 > own.size).length
  return copies < spreadSenders - 1
}

function tell(search: Search, notice: PacketNotice): Many | undefined {
  const { senders, networks, ports, held, since, packets, isFull, level } = search
  const isSearch = level > spreadQuestions && senders.size >= spreadSenders && networks.size >= spreadNetworks
  if (!search.isTold && !isSearch) return undefined
  search.isTold = true
  search.packets = 0
  const sizes = { senders: senders.size, networks: networks.size, ports: ports.size, held: held.size }
  const named = held.size > NAMED ? [] : [...held]
  const { destination } = notice
  return { destination, ...sizes, named, since, packets, isFull, isAlone: isAlone(search, notice) }
}

/** One sentence for people. */
export function tellMany(many: Many): string {
  const { destination, senders, networks, ports, held, named, since, isFull } = many
  const least = isFull ? 'at least ' : ''
  const holds =
    held === 0
      ? 'none of them asked for enough by itself to be held'
      : `${held} of them asked for enough by themselves to be held${named.length === 0 ? '' : ` (${named.join(', ')})`}`
  return `Since ${new Date(since).toISOString()} ${least}${senders} senders of ${networks} networks asked ${destination} for ${least}${ports} closed ports; ${holds}.`
}
