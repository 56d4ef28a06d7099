import { parseWith } from '#contract/errors.ts'
import { type Host, hostRoutes, InvitationRequest } from '#contract/hosts.ts'
import { HostName } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago } from '#runtime/kit/human-units.ts'

const COLUMNS = ['HOST', 'DATA CENTRE', 'ADDRESS', 'ROLE', 'STATE', 'REPORTED', 'VERSION'].map((title) => ({
  title,
}))

const rowOf = (host: Host, now: Date): string[] => [
  host.name,
  host.dataCentre,
  host.address,
  host.first ? 'first' : host.role,
  host.state,
  host.reportedAt === null ? 'never' : ago(host.reportedAt, now),
  host.version ?? '',
]

/** `maru host list` */
export async function list(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(hostRoutes.list, {})
  out.result(answer, () =>
    out.table(
      COLUMNS,
      answer.hosts.map((host) => rowOf(host, context.now())),
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
  out.note(
    `Type this on the new machine, as root, in a copy of this program; it works once, until ${made.expiresAt.slice(11, 16)} UTC:`,
  )
  out.result(made, () => `${made.command}\n`)
}

/** `maru host remove` */
export async function remove(
  context: CliContext,
  name: string,
  options: ApiOptions & { readonly lost?: boolean },
): Promise<void> {
  const host = parseWith(HostName, name, 'NAME')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(hostRoutes.remove, {
    params: { host },
    query: { lost: String(options.lost ?? false) },
  })
  out.result(answer, () => `Removed ${host}. On that machine, \`maru destroy\` clears what is left.\n`)
}
