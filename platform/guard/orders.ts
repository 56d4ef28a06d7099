import type { Engagement, GuardOrders } from '#contract/guard.ts'
import { parseNetwork } from '#contract/networks.ts'
import { listBlocks, listEngagements, listLifts, listPartners } from './store.ts'
import type { Db, EngagementRow } from './tables.ts'

/** What a host has to be told of who may speak to it. */
export async function loadOrders(db: Db, host: string, now: Date): Promise<GuardOrders> {
  const [blocks, lifted, partners, engagements] = await Promise.all([
    listBlocks(db),
    listLifts(db),
    listPartners(db),
    listEngagements(db),
  ])
  return {
    partners: partners.map(({ source }) => source),
    engagements: engagements
      .filter((row) => row.ends_at > now && (row.hosts.length === 0 || row.hosts.includes(host)))
      .map((row) => ({
        source: row.source,
        from: row.starts_at.toISOString(),
        until: row.ends_at.toISOString(),
      })),
    blocks: blocks
      .filter(({ until }) => until === null || until > now)
      .map(({ source, since, until, reason }) => ({
        ...{ source, reason, since: since.toISOString() },
        until: until?.toISOString() ?? null,
      })),
    lifted: lifted.map(({ source, at }) => ({ source, at: at.toISOString() })),
  }
}

/** An engagement as people see it. */
export const describeEngagement = (row: EngagementRow, now: Date): Engagement => ({
  id: row.id,
  source: row.source,
  reference: row.reference,
  from: row.starts_at.toISOString(),
  until: row.ends_at.toISOString(),
  hosts: row.hosts as Engagement['hosts'],
  by: row.created_by,
  state: row.ends_at <= now ? 'over' : row.starts_at <= now ? 'open' : 'planned',
})

/** The form under which a host holds an address: IPv6 by its network of 64 bits. */
export function heldAs(source: string): string[] {
  const network = parseNetwork(source)
  if (network === undefined || network.v === '4' || network.bits <= 64) return [source]
  const first = (network.first >> 64n) << 64n
  const hex = first.toString(16).padStart(32, '0').match(/.{4}/g)?.slice(0, 4).join(':') ?? ''
  return [source, parseNetwork(`${hex}::/64`)?.text ?? source]
}
