import { type Act, auditRoutes } from '#contract/audit.ts'
import { parseWith } from '#contract/errors.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'

export interface AuditOptions extends ApiOptions {
  readonly who?: string
  readonly on?: string
  readonly action?: string
  readonly result?: string
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

/** `maru audit` */
export async function audit(context: CliContext, options: AuditOptions): Promise<void> {
  const { who, on, action, result, before, limit } = options
  const query = parseWith(auditRoutes.list.query, { who, on, action, result, before, limit })
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
