import { parseWith } from '#contract/errors.ts'
import { BlockRequest, NetworkAddress, type NetworkBlock } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import { clientAddress } from '#runtime/cli/client-address.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { parseDuration } from '#runtime/kit/durations.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'

const columns = (...titles: string[]) => titles.map((title) => ({ title }))
const KINDS: Readonly<Record<NetworkBlock['kind'], string>> = {
  blocked: 'everything',
  held: "all but the platform's ports",
  instance: 'new connections of an instance',
  'sign-in': 'signing in',
}

/** `maru network blocks list` */
export async function listBlocks(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.blocks, {})
  const now = context.now()
  const left = (until: string | null) =>
    until === null ? 'until lifted' : elapsed(Math.max(0, Date.parse(until) - now.getTime()))
  const rows = answer.blocks.map(({ source, kind, host, since, until, by, reason }) => [
    source,
    KINDS[kind],
    host ?? 'all',
    ago(since, now),
    left(until),
    by === null ? reason : `${by}: ${reason}`,
  ])
  out.result(answer, () =>
    [
      rows.length === 0
        ? 'Nobody is kept out.\n'
        : out.table(columns('SOURCE', 'KEPT FROM', 'HOST', 'SINCE', 'LEFT', 'WHY'), rows),
      ...answer.problems.map(({ host, problem }) => `${host}: ${problem}\n`),
    ].join('\n'),
  )
}

/** `maru network blocks lift` */
export async function lift(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const source = parseWith(NetworkAddress, text, 'SOURCE')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.lift, { body: { source } })
  out.result(answer, () => `${answer.source} may come in again.\n`)
}

/** `maru network blocks add` */
export async function addBlock(
  context: CliContext,
  source: string,
  options: ApiOptions & { readonly reason: string; readonly for?: string },
): Promise<void> {
  const minutes = options.for === undefined ? null : Math.ceil(parseDuration(options.for, '--for') / 60_000)
  const self = await clientAddress(context.env)
  const asked = { source, minutes, reason: options.reason, ...(self === undefined ? {} : { self }) }
  const body = parseWith(BlockRequest, asked)
  const { api, out } = await openSession(context, options)
  const block = await api.call(guardRoutes.block, { body })
  out.result(
    block,
    () =>
      `${block.source} is blocked ${block.until === null ? 'until it is lifted' : `until ${block.until}`}.\n`,
  )
}

/** `maru network events` */
export async function events(
  context: CliContext,
  options: ApiOptions & { readonly host?: string; readonly kind?: string; readonly limit?: string },
): Promise<void> {
  const { host, kind, limit } = options
  const query = parseWith(guardRoutes.events.query, {
    ...(host === undefined ? {} : { host }),
    ...(kind === undefined ? {} : { kind }),
    ...(limit === undefined ? {} : { limit }),
  })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(guardRoutes.events, { query })
  const now = context.now()
  out.result(answer, () =>
    answer.events.length === 0
      ? 'Nothing was noticed.\n'
      : out.table(
          columns('WHEN', 'HOST', 'KIND', 'PACKETS', 'APP', 'WHAT'),
          answer.events.map((event) => [
            ago(event.start_time, now),
            event.host,
            event.kind,
            String(event.count),
            event.app ?? '-',
            event.message,
          ]),
        ),
  )
}
