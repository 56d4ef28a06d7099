import type { Selectable } from 'kysely'
import type { HostBlock, NetworkEvent } from '#contract/guard.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface BlockTable {
  source: string
  since: Date
  until: Date | null
  reason: string
  created_by: string
}

interface PartnerTable {
  source: string
  reason: string
  created_by: string
  since: Date
}

interface EngagementTable {
  id: string
  source: string
  reference: string
  hosts: string[]
  starts_at: Date
  ends_at: Date
  created_by: string
}

interface EventTable {
  host: string
  uid: string
  kind: string
  started_at: Date
  event: NetworkEvent
}

interface ReportTable {
  host: string
  at: Date
  problem: string
  blocks: HostBlock[]
}

interface MinuteTable {
  host: string
  at: Date
  judged: number
  refused: number
  kept_out: number
  flooded: number
}

export type BlockRow = Selectable<BlockTable>
export type PartnerRow = Selectable<PartnerTable>
export type EngagementRow = Selectable<EngagementTable>
export type ReportRow = Selectable<ReportTable>

/** The tables of who is kept out of the hosts. */
export const guardTables = (db: Db) =>
  db.withTables<{
    network_block: BlockTable
    network_lift: { source: string; at: Date }
    network_partner: PartnerTable
    network_engagement: EngagementTable
    network_event: EventTable
    network_report: ReportTable
    network_minute: MinuteTable
  }>()
