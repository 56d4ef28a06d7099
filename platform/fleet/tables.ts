import type { Generated, Selectable } from 'kysely'
import type { ServiceName } from '#contract/fleet.ts'
import type { HostRole } from '#contract/host-identity.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface HostTable {
  id: Generated<string>
  name: string
  data_centre: string
  address: string
  role: HostRole
  is_first: Generated<boolean>
  draining: Generated<boolean>
  joined_at: Date
  removed_at: Date | null
  told_at: Date | null
  key_hash: string | null
  next_key_hash: string | null
  certificate_expires_at: Date | null
  version: string | null
  generation: number | null
  reported_at: Date | null
}

interface InvitationTable {
  secret_hash: Buffer
  name: string
  data_centre: string
  role: HostRole
  expires_at: Date
  taken_by: string | null
}

interface ServiceTable {
  service: ServiceName
  host: string
  placed_at: Date
}

interface SharedAddressTable {
  data_centre: string
  address: string
  since: Date
}

export type HostRow = Selectable<HostTable>
export type InvitationRow = Selectable<InvitationTable>

export const fleet = (db: Db) =>
  db.withTables<{
    fleet_host: HostTable
    fleet_invitation: InvitationTable
    fleet_service: ServiceTable
    fleet_shared_address: SharedAddressTable
  }>()

/** Rings when hosts come or go. */
export const HOSTS_CHANGED = 'fleet.hosts'
/** Rings when a host says that its edge wants certificates. */
export const certificatesWantedBy = (host: string) => `fleet.certificates.${host}`
