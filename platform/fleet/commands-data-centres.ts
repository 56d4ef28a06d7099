import { type DataCentre, dataCentreRoutes } from '#contract/data-centres.ts'
import { parseWith } from '#contract/errors.ts'
import { HostAddress } from '#contract/host-identity.ts'
import { DataCentreName } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'

const COLUMNS = ['DATA CENTRE', 'ADDRESS', 'LEADS TO', 'HOSTS'].map((title) => ({ title }))

/** Two hosts that do not hear each other both hold it, which a person should see at once. */
const holdersOf = ({ address, heldBy }: DataCentre) =>
  address === null ? '-' : heldBy.join(' and ') || 'nobody'

/** `maru data-centre list` */
export async function list(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(dataCentreRoutes.list, {})
  const rows = answer.dataCentres.map((one) => [
    one.name,
    one.address ?? '-',
    holdersOf(one),
    one.hosts.join(', '),
  ])
  out.result(
    answer,
    () =>
      `${out.table(COLUMNS, rows)}\nNames of the platform and its apps: A ${answer.addresses.join(', ')}\n`,
  )
}

/** `maru data-centre address` */
export async function setAddress(
  context: CliContext,
  name: string,
  text: string,
  options: ApiOptions,
): Promise<void> {
  const dataCentre = parseWith(DataCentreName, name, 'DATA CENTRE')
  const address = text === 'none' ? null : parseWith(HostAddress, text, 'ADDRESS')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(dataCentreRoutes.setAddress, { params: { dataCentre }, body: { address } })
  out.result(answer, () =>
    address === null
      ? `The hosts of ${dataCentre} share no address any more; each has its own.\n`
      : `The hosts of ${dataCentre} (${answer.hosts.join(', ')}) share ${address} within seconds; \`maru data-centre\` shows which one it leads to.\n`,
  )
}
