import { type Act, auditRoutes } from '#contract/audit.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'

export interface AuditOptions extends ApiOptions {
  readonly who?: string
  readonly on?: string
  readonly action?: string
  readonly result?: string
  readonly since?: string
  readonly until?: string
  readonly before?: string
  readonly limit?: string
}

const fields = (all: Readonly<Record<string, unknown>>) =>
  Object.entries(all)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')

const rowOf = ({ id, at, who, source, action, on, told, answer, result, code }: Act) => [
  ...[String(id), `${at.slice(0, 19).replace('T', ' ')} UTC`, who, source, action],
  fields({ ...on, ...told, ...answer }),
  code === null ? result : `${result}: ${code}`,
]

/** A day is its beginning, UTC. */
function momentOf(text: string | undefined, field: string): string | undefined {
  if (text === undefined) return undefined
  const at = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00.000Z` : text)
  if (!Number.isNaN(at.getTime())) return at.toISOString()
  throw new MaruError('invalid', {
    field,
    reason: 'must be a date such as 2027-01-31, or a time such as 2027-01-31T08:00Z',
  })
}

/** `maru audit` */
export async function audit(context: CliContext, options: AuditOptions): Promise<void> {
  const { who, on, action, result, before, limit } = options
  const [since, until] = [momentOf(options.since, '--since'), momentOf(options.until, '--until')]
  const query = parseWith(auditRoutes.list.query, { who, on, action, result, since, until, before, limit })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(auditRoutes.list, { query })
  out.result(answer, () =>
    answer.acts.length === 0
      ? 'Nothing was found.\n'
      : out.table(
          ['ID', 'WHEN', 'WHO', 'FROM', 'ACTION', 'ON', 'RESULT'].map((title) => ({ title })),
          answer.acts.map(rowOf),
        ),
  )
}
