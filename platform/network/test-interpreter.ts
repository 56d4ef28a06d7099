import { isIpv6 } from '#contract/networks.ts'
import { isAmong } from './among.ts'
import type { Among, ConnectionState, Filter, FilterRule, Match, Protocol, Verdict } from './filter.ts'
import type { Connection } from './judge.ts'

/** A packet of a connection, as the kernel sees it at one of its hooks. */
export interface Packet {
  readonly connection: Connection
  readonly direction: 'original' | 'reply'
  readonly state: ConnectionState
  readonly hook: 'input' | 'forward' | 'output'
  readonly in: string
  readonly out: string
}

/** The packet that opens a connection, or another of the same way. */
export function goingPacket(connection: Connection, state: ConnectionState): Packet {
  const { comesBy, leavesBy } = connection
  const hook = leavesBy === null ? 'input' : comesBy === null ? 'output' : 'forward'
  return { connection, direction: 'original', state, hook, in: comesBy ?? '', out: leavesBy ?? '' }
}

/** A packet that answers. */
export function answeringPacket(connection: Connection): Packet {
  const { comesBy, leavesBy } = connection
  const hook = leavesBy === null ? 'output' : comesBy === null ? 'input' : 'forward'
  const way = { in: leavesBy ?? '', out: comesBy ?? '' }
  return { connection, direction: 'reply', state: 'established', hook, ...way }
}

/** What a filter says of a packet, followed rule by rule as the kernel does. */
export function interpret(filter: Filter, packet: Packet): 'accept' | 'drop' {
  const chain = filter.chains.find(({ hook }) => hook === packet.hook)
  // What no rule of ours decides is accepted by us.
  return (chain && walk(filter, chain.name, packet)) ?? 'accept'
}

function walk(filter: Filter, name: string, packet: Packet): 'accept' | 'drop' | undefined {
  const chain = filter.chains.find((one) => one.name === name)
  if (chain === undefined) throw new Error(`a rule leads to ${name}, which is not there`)
  for (const rule of chain.rules) {
    if (!matches(filter, rule, packet)) continue
    const { verdict } = rule
    if (verdict.kind === 'accept' || verdict.kind === 'drop') return verdict.kind
    if (verdict.kind === 'return') return undefined
    const next = nextOf(filter, verdict, packet)
    if (next === undefined) continue
    const found = walk(filter, next, packet)
    if (found !== undefined || verdict.kind !== 'jump') return found
  }
  return undefined
}

function nextOf(filter: Filter, verdict: Verdict, { connection }: Packet): string | undefined {
  if (verdict.kind !== 'dispatch') return 'chain' in verdict ? verdict.chain : undefined
  return filter.maps.get(verdict.map)?.get(connection.from)
}

const matches = (filter: Filter, { match }: FilterRule, packet: Packet) =>
  match.every(
    (one) => speaksOf(one, packet) && holds(filter, one, packet) !== ('not' in one && one.not === true),
  )

/** What asks for an address of one kind never holds of a packet of the other, nor does its contrary. */
function speaksOf(match: Match, { connection }: Packet): boolean {
  const six = isIpv6(connection.from)
  if (!('among' in match)) return true
  if (match.kind === 'source' || match.kind === 'target' || 'set' in match.among) return !six
  return match.among.length === 0 || match.among.some(isIpv6) === six
}

function holds(filter: Filter, match: Match, packet: Packet): boolean {
  const { connection, direction, state } = packet
  const answers = direction === 'reply'
  const among = (which: Among) => ('set' in which ? (filter.sets.get(which.set) ?? []) : which)
  switch (match.kind) {
    case 'in':
      return match.interfaces.includes(packet.in)
    case 'out':
      return match.interfaces.includes(packet.out)
    case 'counted':
      return true
    case 'ipv4':
      return !isIpv6(connection.from)
    case 'ipv6':
      return isIpv6(connection.from)
    case 'icmp-error':
    case 'icmp-refusal':
      return false
    case 'state':
      return match.states.includes(state)
    case 'direction':
      return match.direction === direction
    case 'from':
      return isAmong(connection.from, among(match.among))
    case 'to':
      return isAmong(connection.to, among(match.among))
    case 'source':
      return isAmong(answers ? connection.to : connection.from, match.among)
    case 'target':
      return isAmong(answers ? connection.from : connection.to, match.among)
    case 'protocol':
      return match.protocols.includes(protocolOf(connection))
    case 'ports':
      return match.ports.some((range) => isInRange(connection.port, range))
    case 'user':
      // A packet that answers is the kernel's or another program's: nobody may count on its user.
      return !answers && connection.user !== undefined && match.users.includes(connection.user)
  }
}

const protocolOf = ({ protocol, from }: Connection): Protocol =>
  protocol === 'icmp' && isIpv6(from) ? 'ipv6-icmp' : protocol

function isInRange(port: number, range: string): boolean {
  const [first = 0, last = first] = range.split('-').map(Number)
  return port >= first && port <= last
}
