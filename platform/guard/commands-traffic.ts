import { parseWith } from '#contract/errors.ts'
import type { NetworkTraffic } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { counted } from '#runtime/kit/human-units.ts'

/** `maru network traffic` */
export async function traffic(
  context: CliContext,
  options: ApiOptions & { readonly range?: string; readonly host?: string },
): Promise<void> {
  const { range, host } = options
  const query = parseWith(guardRoutes.traffic.query, {
    ...(range === undefined ? {} : { range }),
    ...(host === undefined ? {} : { host }),
  })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.traffic, { query })
  const rows = rowsOf(answer)
  const titles = ['FROM', 'ALLOWED', 'NO RULE', 'KEPT OUT', 'ATTACKS', 'EVENTS'].map((title) => ({ title }))
  const passed = answer.counts.reduce((sum, { judged, refused }) => sum + judged - refused, 0)
  out.result(answer, () =>
    [
      ...(rows.length === 0 ? [] : [`${out.table(titles, rows)}\n`]),
      `${counted(passed, 'packet')} of the installation’s networks allowed in ${answer.range}`,
      rows.length === 0
        ? '; nothing was refused.\n'
        : '; above is every step in which something was refused.\n',
    ].join(''),
  )
}

/** Steps in which something was refused or noticed. */
function rowsOf({ counts, events }: NetworkTraffic): string[][] {
  const noticed = Map.groupBy(events, ({ at }) => at)
  const steps = new Map(counts.map((step) => [step.at, step]))
  return [...new Set([...steps.keys(), ...noticed.keys()])].sort().flatMap((at) => {
    const { judged = 0, refused = 0, kept_out = 0, flooded = 0 } = steps.get(at) ?? {}
    const began = (noticed.get(at) ?? []).reduce((sum, { count }) => sum + count, 0)
    if (refused + kept_out + flooded + began === 0) return []
    return [
      [
        `${at.slice(0, 16).replace('T', ' ')} UTC`,
        ...[judged - refused, refused, kept_out, flooded, began].map(String),
      ],
    ]
  })
}
