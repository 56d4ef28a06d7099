import type { HostAddress } from '#contract/host-identity.ts'
import { listHosts, listSharedAddresses, listVisitorAddresses } from '#platform/fleet/index.ts'
import { loadReports } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { Provider, UpstreamSnapshot } from './plan.ts'
import { type Db, listDropped, listProviders, type ProviderRow } from './store.ts'

/** Where visitors come, unless the installation has another port. */
const WEB_PORT = 443

/** Everything that decisions depend on, with the rows of the providers. */
export interface Loaded extends UpstreamSnapshot {
  readonly rows: readonly ProviderRow[]
}

/** Reads it as it is at a time. The port of visitors matters to who judges what may be announced. */
export async function loadUpstream(db: Db, now: Date, webPort = WEB_PORT): Promise<Loaded> {
  const rows = await listProviders(db)
  const reports = await loadReports(db)
  return {
    rows,
    hosts: (await listHosts(db, now))
      .filter(({ role }) => role === 'full')
      .map(({ name, address, dataCentre }) => ({
        ...{ name, address: address as HostAddress, dataCentre },
        addresses6: reports.get(name)?.report.addresses6 ?? [],
      })),
    shared: await listSharedAddresses(db),
    serving: await listVisitorAddresses(db),
    webPort,
    providers: rows.map(providerOf),
    dropped: await listDropped(db, now),
  }
}

export const providerOf = (row: ProviderRow): Provider => ({
  ...{ name: row.name, settings: row.settings, hosts: row.hosts },
  ...{ automatic: row.automatic, by: row.created_by },
})

/** Whose key in the secret box a provider's secret is sealed with. */
const ownerOf = (name: string) => `upstream:${name}`

type Secrets = Pick<ServerDeps, 'secrets'>

export const sealSecret = async ({ secrets }: Secrets, name: string, secret: string | undefined) =>
  secret === undefined ? null : await secrets.seal(ownerOf(name), secret)

/** What was sealed under the name goes with it. */
export const forgetSecret = ({ secrets }: Secrets, name: string) => secrets.forget(ownerOf(name))

export const openSecret = async (
  { secrets }: Secrets,
  { name, secret }: Pick<ProviderRow, 'name' | 'secret'>,
) => (secret === null ? null : await secrets.open(ownerOf(name), secret))
