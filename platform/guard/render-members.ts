import type { GuardOrders } from '#contract/guard.ts'
import { type Network, parseNetwork } from '#contract/networks.ts'
import { guardTableOf } from './names.ts'
import type { Place } from './render-host.ts'
import { FAMILIES } from './render-sets.ts'

/** What of the sets is not filled by packets. */
export interface Given {
  /** Protocol and port, such as `tcp . 22`, at which somebody on the host listens; at one address only, that comes first. */
  readonly open: readonly string[]
  /** Addresses of the installation's own hosts. */
  readonly hosts: readonly string[]
  readonly orders: GuardOrders
  /** Who has too many connections open to programs of the host that are not the platform. */
  readonly crowds: readonly string[]
}

interface Entry {
  readonly source: string
  /** Milliseconds; undefined: without end. */
  readonly until: number | undefined
}

/**
 * The sets that the agent fills, whole; they change in one transaction. What ends by itself has its end in the kernel,
 * so that it ends without an agent, too.
 */
export function renderGiven(
  place: Pick<Place, 'id'>,
  { open, hosts, orders, crowds }: Given,
  now: number,
): string {
  const table = `inet ${guardTableOf(place)}`
  const partners = [...hosts, ...orders.partners].map((source) => ({ source, until: undefined }))
  const engaged = orders.engagements.filter(({ from }) => Date.parse(from) <= now).map(entryOf)
  const blocked = orders.blocks.map(entryOf)
  const crowd = crowds.map((source) => ({ source, until: undefined }))
  const listening = (v: '4' | '6' | undefined) =>
    [...new Set(open)].filter((one) => parseNetwork(one.split(' ')[0] ?? '')?.v === v).sort()
  const families = FAMILIES.flatMap(({ v }) => [
    fill(`${table} partner${v}`, membersOf(v, partners, now)),
    fill(`${table} engaged${v}`, membersOf(v, engaged, now)),
    fill(`${table} blocked${v}`, membersOf(v, blocked, now)),
    fill(`${table} crowd${v}`, membersOf(v, crowd, now)),
    fill(`${table} open${v}`, listening(v)),
  ])
  return [...families, fill(`${table} open`, listening(undefined))].join('')
}

const entryOf = ({ source, until }: { source: string; until: string | null }): Entry => ({
  source,
  until: until === null ? undefined : Date.parse(until),
})

const fill = (set: string, members: readonly string[]) =>
  `flush set ${set}\n${members.length === 0 ? '' : `add element ${set} { ${members.join(', ')} }\n`}`

/** Members of one family that have begun and not ended. A set holds no two that overlap: the wider one stands for both. */
function membersOf(v: '4' | '6', entries: readonly Entry[], now: number): string[] {
  const networks = entries
    .filter(({ until }) => until === undefined || until > now)
    .flatMap(({ source, until }) => {
      const network = parseNetwork(source)
      return network?.v === v ? [{ network, until }] : []
    })
    .sort(
      (a, b) =>
        a.network.bits - b.network.bits || (b.until ?? Number.MAX_VALUE) - (a.until ?? Number.MAX_VALUE),
    )
  const taken = new Set<string>()
  const kept = networks.filter(({ network }) => {
    if (prefixesOf(network).some((prefix) => taken.has(prefix))) return false
    taken.add(prefixOf(network, network.bits))
    return true
  })
  return kept.map(({ network, until }) =>
    until === undefined ? network.text : `${network.text} timeout ${Math.ceil((until - now) / 1_000)}s`,
  )
}

const prefixOf = ({ v, first }: Network, bits: number) =>
  `${bits} ${first >> BigInt((v === '4' ? 32 : 128) - bits)}`
const prefixesOf = (network: Network) =>
  Array.from({ length: network.bits + 1 }, (_, bits) => prefixOf(network, bits))
