import type { Principal } from '#contract/access.ts'
import type { DataCentre } from '#contract/data-centres.ts'
import { MaruError } from '#contract/errors.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import type { HostView } from '#contract/host-view.ts'
import type { DataCentreName } from '#contract/ids.ts'
import type { HostNetwork } from '#contract/membership.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { type AddressedHost, unfitReason } from './address-rules.ts'
import { membershipOf } from './agents.ts'
import { type Places, surveyHosts } from './places.ts'
import { listHosts, listMembers, lockMembers } from './store.ts'
import { listSharedAddresses, saveSharedAddress } from './store-addresses.ts'
import type { Db, HostRow } from './tables.ts'

/** Longer than a host that runs takes to answer, shorter than a person's patience. */
const ASK_MS = 3_000

/** The data centres that have a host which serves visitors. */
export async function listDataCentres({ db, now }: ServerDeps, places: Places): Promise<DataCentre[]> {
  const hosts = (await surveyHosts(db, places, now())).filter(({ role }) => role === 'full')
  const shared = new Map((await listSharedAddresses(db)).map((one) => [one.dataCentre, one.address]))
  const centres = Map.groupBy(hosts, ({ dataCentre }) => dataCentre)
  return [...centres].map(([name, own]) => ({
    name,
    address: shared.get(name) ?? null,
    heldBy: namesOf(own.filter(({ holdsAddress }) => holdsAddress)),
    hosts: namesOf(own),
  }))
}

const namesOf = (hosts: readonly HostView[]) => hosts.map(({ name }) => name)

/**
 * Where a name server should lead visitors: the address of each data centre, or where it has none those of its hosts. A host that
 * is being emptied is not among them.
 */
export async function listVisitorAddresses(db: Db): Promise<HostAddress[]> {
  const shared = new Map((await listSharedAddresses(db)).map((one) => [one.dataCentre, one.address]))
  const hosts = (await listHosts(db)).filter(({ role, draining }) => role === 'full' && !draining)
  return [...new Set(hosts.map(({ dataCentre, address }) => shared.get(dataCentre) ?? address))]
}

export interface AddressWish {
  readonly dataCentre: DataCentreName
  /** Null: none. */
  readonly address: HostAddress | null
}

/** Gives the hosts of a data centre an address to share, or takes it from them. */
export async function setAddress(
  deps: ServerDeps,
  { dataCentre, address }: AddressWish,
  by: Pick<Principal, 'id' | 'name'>,
  places: Places,
): Promise<DataCentre> {
  const { db, now, config } = deps
  const networks = address === null ? new Map() : await askNetworks(deps, dataCentre)
  await transact(db, async (tx) => {
    await lockMembers(tx)
    const rows = await listMembers(tx)
    if (!rows.some((row) => isServing(row, dataCentre)))
      throw new MaruError('hosts.no_data_centre', { dataCentre })
    const hosts = rows.map((row) => addressed(row, networks))
    const facts = { hosts, shared: await listSharedAddresses(tx), subnet: config.installation.subnet }
    const reason = address === null ? undefined : unfitReason(dataCentre, address, facts)
    if (address !== null && reason !== undefined) {
      const network = hosts.find((host) => host.network !== null)?.network?.range ?? 'unknown'
      throw new MaruError('hosts.address_unfit', { dataCentre, address, reason, network })
    }
    await saveSharedAddress(tx, dataCentre, address, now())
  })
  deps.log.info('fleet.address_shared', { dataCentre, address, by: by.name, byId: by.id })
  const found = (await read(() => listDataCentres(deps, places))).find(({ name }) => name === dataCentre)
  if (found === undefined) throw new MaruError('hosts.no_data_centre', { dataCentre })
  return found
}

const isServing = (row: HostRow, dataCentre: string) => row.data_centre === dataCentre && row.role === 'full'

const addressed = (row: HostRow, networks: ReadonlyMap<string, HostNetwork>): AddressedHost => ({
  name: row.name,
  dataCentre: row.data_centre,
  address: row.address,
  network: networks.get(row.name) ?? null,
})

/** What the hosts of a data centre say of their network, as far as they answer. */
async function askNetworks(deps: ServerDeps, dataCentre: string): Promise<Map<string, HostNetwork>> {
  const rows = (await read(() => listMembers(deps.db))).filter((row) => isServing(row, dataCentre))
  const asked = await Promise.allSettled(
    rows.map(async (row) => {
      const { network } = await membershipOf(deps, row, AbortSignal.timeout(ASK_MS)).about()
      return [row.name, network] as const
    }),
  )
  const said = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return new Map(said.flatMap(([name, network]) => (network === null ? [] : [[name, network]])))
}
