import type { SharedAddress } from '#contract/fleet.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import { notify } from '#runtime/server/notify.ts'
import { type Db, fleet, HOSTS_CHANGED } from './tables.ts'

/** The addresses that hosts share, by data centre. */
export async function listSharedAddresses(
  db: Db,
): Promise<Array<Pick<SharedAddress, 'dataCentre' | 'address'>>> {
  const rows = await fleet(db).selectFrom('fleet_shared_address').selectAll().orderBy('data_centre').execute()
  return rows.map(
    ({ data_centre: dataCentre, address }) =>
      ({ dataCentre, address }) as Pick<SharedAddress, 'dataCentre' | 'address'>,
  )
}

/** Keeps the address that the hosts of a data centre share from now on; null: none. The hosts are told. */
export async function saveSharedAddress(
  tx: Db,
  dataCentre: string,
  address: HostAddress | null,
  since: Date,
): Promise<void> {
  await fleet(tx).deleteFrom('fleet_shared_address').where('data_centre', '=', dataCentre).execute()
  if (address !== null)
    await fleet(tx)
      .insertInto('fleet_shared_address')
      .values({ data_centre: dataCentre, address, since })
      .execute()
  await notify(tx, HOSTS_CHANGED)
}

/** A data centre whose last host is gone has no address any more: another may have it. */
export async function forgetUnshared(tx: Db): Promise<void> {
  await fleet(tx)
    .deleteFrom('fleet_shared_address')
    .where('data_centre', 'not in', (from) =>
      from
        .selectFrom('fleet_host')
        .select('data_centre')
        .where('removed_at', 'is', null)
        .where('role', '=', 'full'),
    )
    .execute()
}
