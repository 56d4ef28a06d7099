import { parseWith } from '#contract/errors.ts'
import { EngagementRequest, NetworkAddress, Partner } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { parseDuration } from '#runtime/kit/durations.ts'
import { ago } from '#runtime/kit/human-units.ts'

const columns = (...titles: string[]) => titles.map((title) => ({ title }))

/** `maru network engagement list` */
export async function listEngagements(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.engagements, {})
  out.result(answer, () =>
    answer.engagements.length === 0
      ? 'No penetration test was agreed on.\n'
      : out.table(
          columns('ID', 'STATE', 'SOURCE', 'FROM', 'UNTIL', 'HOSTS', 'REFERENCE', 'BY'),
          answer.engagements.map((one) => [
            one.id,
            one.state,
            one.source,
            one.from,
            one.until,
            one.hosts.join(', ') || 'all',
            one.reference,
            one.by,
          ]),
        ),
  )
}

/** `maru network engagement add` */
export async function addEngagement(
  context: CliContext,
  source: string,
  options: ApiOptions & {
    readonly reference: string
    readonly for: string
    readonly from?: string
    readonly host?: readonly string[]
  },
): Promise<void> {
  const from = options.from ?? context.now().toISOString()
  const lasts = parseDuration(options.for, '--for')
  const body = parseWith(EngagementRequest, {
    ...{ source, reference: options.reference, from, hosts: options.host ?? [] },
    until: new Date((Date.parse(from) || 0) + lasts).toISOString(),
  })
  const { api, out } = await openSession(context, options)
  const one = await api.call(guardRoutes.addEngagement, { body })
  out.result(one, () => `${one.source} may test from ${one.from} until ${one.until} (${one.id}).\n`)
}

/** `maru network engagement end` */
export async function endEngagement(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const params = parseWith(guardRoutes.endEngagement.params, { engagement: text })
  const { api, out } = await openSession(context, options)
  const one = await api.call(guardRoutes.endEngagement, { params })
  out.result(one, () => `${one.id} is over: ${one.source} is judged like any other.\n`)
}

/** `maru network partner list` */
export async function listPartners(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.partners, {})
  out.result(answer, () =>
    answer.partners.length === 0
      ? 'Everybody is judged alike.\n'
      : out.table(
          columns('SOURCE', 'SINCE', 'BY', 'WHY'),
          answer.partners.map(({ source, since, by, reason }) => [
            source,
            ago(since, context.now()),
            by,
            reason,
          ]),
        ),
  )
}

/** `maru network partner add` */
export async function addPartner(
  context: CliContext,
  source: string,
  options: ApiOptions & { readonly reason: string },
): Promise<void> {
  const body = parseWith(Partner.pick({ source: true, reason: true }), { source, reason: options.reason })
  const { api, out } = await openSession(context, options)
  const partner = await api.call(guardRoutes.addPartner, { body })
  out.result(partner, () => `${partner.source} is not judged any more.\n`)
}

/** `maru network partner remove` */
export async function removePartner(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const source = parseWith(NetworkAddress, text, 'SOURCE')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.removePartner, { body: { source } })
  out.result(answer, () => `${answer.source} is judged like any other.\n`)
}
