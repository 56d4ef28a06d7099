import { parseWith } from '#contract/errors.ts'
import type { HostView } from '#contract/host-view.ts'
import { hostRoutes, type Invitation, InvitationRequest } from '#contract/hosts.ts'
import { HostName } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago } from '#runtime/kit/human-units.ts'

/** Columns of a terminal that is wide enough, and of files; a narrow one does without. */
const WIDE = 110
const ASIDE = ['ADDRESS', 'REPORTED', 'VERSION']

const cellsOf = (host: HostView, now: Date): ReadonlyArray<readonly [title: string, text: string]> => [
  ['HOST', host.name],
  ['DATA CENTRE', host.dataCentre],
  ['ADDRESS', host.holdsAddress ? `${host.address}, the shared one` : host.address],
  ['ROLE', host.first ? 'first' : host.role],
  ['STATE', host.draining && host.state !== 'draining' ? `${host.state}, draining` : host.state],
  ['INSTANCES', String(host.instances)],
  ['MEMORY', host.runsApps ? memoryText(host) : '-'],
  ['REPORTED', host.reportedAt === null ? 'never' : ago(host.reportedAt, now)],
  ['VERSION', host.version ?? ''],
]

const gigabytes = (mb: number) => (mb / 1024).toFixed(1)
/** What its instances may use, of what it has for them. */
const memoryText = ({ memory }: HostView) =>
  `${gigabytes(memory.promisedMb)} of ${gigabytes(memory.availableMb)} GB`

/** `maru host list` */
export async function list(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(hostRoutes.list, {})
  const isWide = !context.stdout.isTTY || out.columns >= WIDE
  const rows = answer.hosts.map((host) =>
    cellsOf(host, context.now()).filter(([title]) => isWide || !ASIDE.includes(title)),
  )
  out.result(answer, () =>
    out.table(
      (rows[0] ?? []).map(([title]) => ({ title })),
      rows.map((row) => row.map(([, text]) => text)),
    ),
  )
}

/** `maru host add` */
export async function add(
  context: CliContext,
  name: string,
  options: ApiOptions & { readonly dataCentre?: string; readonly witness?: boolean },
): Promise<void> {
  const { dataCentre, witness } = options
  const body = parseWith(InvitationRequest, {
    name,
    role: witness ? 'witness' : 'full',
    ...(dataCentre === undefined ? {} : { dataCentre }),
  })
  const { api, out } = await openSession(context, options)
  const made = await api.call(hostRoutes.invite, { body })
  const { hosts } = await api.call(hostRoutes.list, {})
  const remarks = remarksOn(made, hosts)
  for (const remark of remarks) out.note(remark)
  out.note(
    `Type this on the new machine, as root, in a copy of this program; it works once, until ${made.expiresAt.slice(11, 16)} UTC:`,
  )
  out.result({ ...made, remarks }, () => `${made.command}\n`)
}

/** What whoever adds a host may not have meant: the name of its data centre is taken as it comes. */
export function remarksOn(
  { name, dataCentre, role }: Pick<Invitation, 'name' | 'dataCentre' | 'role'>,
  hosts: ReadonlyArray<Pick<HostView, 'name' | 'dataCentre'>>,
): string[] {
  const there = hosts.filter((host) => host.dataCentre === dataCentre).map((host) => host.name)
  if (there.length === 0) {
    const known = [...new Set(hosts.map((host) => host.dataCentre))].join(', ')
    return [`The data centre ${dataCentre} begins with this host; so far there are: ${known}.`]
  }
  if (role === 'full') return []
  return [
    `WARNING: the witness ${name} would be in ${dataCentre}, like ${there.join(', ')}. Two of the three members of the store (etcd) are then in one place, and nothing is written any more when that is lost or cut off. For one in a place of its own: \`maru host add ${name} --witness --data-centre PLACE\`.`,
  ]
}

/** What whoever removes a host has said they know. */
export interface RemovalOptions {
  readonly lost?: boolean
  readonly last?: boolean
  readonly twoVoices?: boolean
}
export const removalQuery = ({ lost = false, last = false, twoVoices = false }: RemovalOptions) => ({
  lost: String(lost),
  last: String(last),
  twoVoices: String(twoVoices),
})

/** `maru host remove` */
export async function remove(
  context: CliContext,
  name: string,
  options: ApiOptions & RemovalOptions,
): Promise<void> {
  const host = parseWith(HostName, name, 'NAME')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(hostRoutes.remove, {
    params: { host },
    query: removalQuery(options),
  })
  const elsewhere = options.lost ? ' What ran there is started elsewhere.' : ''
  out.result(
    answer,
    () => `Removed ${host}.${elsewhere} On that machine, \`maru destroy\` clears what is left.\n`,
  )
}
