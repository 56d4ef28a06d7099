import { MaruError, parseWith } from '#contract/errors.ts'
import {
  type MeasuredRate,
  type Upstream,
  UpstreamAddress,
  UpstreamName,
  UpstreamRequest,
  type UpstreamState,
} from '#contract/upstream.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { readText } from '#runtime/drivers/files.ts'
import { parseDuration } from '#runtime/kit/durations.ts'

const columns = (...titles: string[]) => titles.map((title) => ({ title }))

/** `maru network upstream list` */
export async function list(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(upstreamRoutes.list, {})
  const { upstreams, dropped, measured } = answer
  out.result(answer, () => {
    if (upstreams.length === 0) return 'No provider is set up: what is too much for a host arrives there.\n'
    const providers = out.table(
      columns('NAME', 'HOW', 'HOSTS', 'BY ITSELF', 'STATE'),
      upstreams.map((one) => [
        one.name,
        howOf(one),
        one.hosts.join(', ') || 'all',
        automaticOf(one),
        one.states.map(stateText).join('; ') || 'no host has said anything yet',
      ]),
    )
    const rates = measured.length === 0 ? '' : `\n${out.table(...ratesTable(measured))}`
    if (dropped.length === 0) return `${providers}${rates}\nNothing is dropped for us.\n`
    const rows = dropped.map((one) => [
      ...[one.address, one.only ?? 'everything', one.upstream ?? 'all', one.until],
      ...[one.automatic ? 'by itself' : one.by, one.reason],
    ])
    return `${providers}${rates}\n${out.table(columns('DROPPED', 'WHAT', 'AT', 'UNTIL', 'BY', 'WHY'), rows)}`
  })
}

const ratesTable = (measured: readonly MeasuredRate[]) =>
  [
    columns('COMES TO', 'ON', 'PACKETS/S', 'LIMIT', 'HIGHEST IN AN HOUR', 'FOR'),
    measured.map(({ address, host, perSecond, limit, highest, upstream }) => [
      ...[address, host, `${perSecond}`, `${limit}`, `${highest}`, upstream],
    ]),
  ] as const

const howOf = ({ settings }: Upstream) =>
  settings.kind === 'bgp'
    ? `BGP ${settings.ownAs} to ${settings.neighbour} (${settings.neighbourAs}), ${settings.community}${settings.flowRules === true ? ' and flow rules' : ''}`
    : settings.url

const automaticOf = ({ automatic }: Upstream) =>
  automatic === null
    ? 'no'
    : `above ${automatic.perSecond}/s for ${automatic.forS} s, ${automatic.minutes} minutes`

const stateText = ({ host, ok, detail }: UpstreamState) =>
  `${host === null ? '' : `${host}: `}${ok ? detail : `NOT WELL: ${detail}`}`

export interface AddOptions extends ApiOptions {
  readonly ownAs?: string
  readonly neighbour?: string
  readonly neighbourAs?: string
  readonly community?: string
  readonly nextHop?: string
  readonly nextHop6?: string
  readonly flowRules?: true
  readonly passwordFile?: string
  readonly url?: string
  readonly secretFile?: string
  readonly caFile?: string
  readonly host?: readonly string[]
  readonly above?: string
  readonly aboveFor?: string
  readonly minutes?: string
  readonly evenTheLast?: boolean
}

/** `maru network upstream add` */
export async function add(context: CliContext, name: string, options: AddOptions): Promise<void> {
  const body = await requestOf(name, options)
  const { api, out } = await openSession(context, options)
  const one = await api.call(upstreamRoutes.add, { body })
  out.result(
    one,
    () =>
      `${one.name} is set up. \`maru network upstream test ${one.name}\` shows in a few seconds how it is.\n`,
  )
}

/** What was typed, as one request; numbers stay out where nobody gave any. */
async function requestOf(name: string, options: AddOptions): Promise<UpstreamRequest> {
  const { url, ownAs, neighbour, neighbourAs, community, nextHop, nextHop6, flowRules, above } = options
  if ((url === undefined) === (neighbour === undefined))
    throw new MaruError('invalid', { field: '--url', reason: 'or --neighbour is needed, and not both' })
  const bgp = {
    ...{ kind: 'bgp', ownAs: numberOf(ownAs), neighbour, neighbourAs: numberOf(neighbourAs) },
    ...without({ community, nextHop, nextHop6, flowRules }),
  }
  const webhook = { kind: 'webhook', url, ...without({ ca: await fileOf(options.caFile, '--ca-file') }) }
  const automatic = {
    perSecond: numberOf(above),
    ...without({ forS: numberOf(options.aboveFor), minutes: numberOf(options.minutes) }),
    evenLast: options.evenTheLast ?? false,
  }
  const secret =
    url === undefined
      ? await fileOf(options.passwordFile, '--password-file')
      : await fileOf(options.secretFile, '--secret-file')
  return parseWith(UpstreamRequest, {
    ...{ name, settings: url === undefined ? bgp : webhook, hosts: options.host ?? [] },
    ...{ automatic: above === undefined ? null : automatic },
    ...without({ secret: secret?.trim() }),
  })
}

const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text))
const without = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** A secret comes from a file: what is typed is seen by who lists processes, and kept in the shell's history. */
async function fileOf(path: string | undefined, field: string): Promise<string | undefined> {
  if (path === undefined) return undefined
  const text = await readText(path)
  if (text === undefined) throw new MaruError('invalid', { field, reason: `there is no file ${path}` })
  return text
}

/** `maru network upstream remove` */
export async function remove(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const upstream = parseWith(UpstreamName, text, 'NAME')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(upstreamRoutes.remove, { params: { upstream } })
  out.result(answer, () => `${upstream} is not asked for anything any more.\n`)
}

/** `maru network upstream test` */
export async function test(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const upstream = parseWith(UpstreamName, text, 'NAME')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(upstreamRoutes.test, { params: { upstream } })
  out.result(answer, () =>
    answer.states.length === 0
      ? `No host has said yet how ${upstream} is; ask again in a few seconds.\n`
      : `${answer.states.map(stateText).join('\n')}\n`,
  )
}

export interface AnnounceOptions extends ApiOptions {
  readonly for: string
  readonly reason: string
  readonly only?: string
  readonly upstream?: string
  readonly evenTheLast?: boolean
}

/** `maru network upstream announce` */
export async function announce(
  context: CliContext,
  address: string,
  options: AnnounceOptions,
): Promise<void> {
  const body = parseWith(upstreamRoutes.announce.body, {
    ...{ address, minutes: parseDuration(options.for, '--for') / 60_000, reason: options.reason },
    ...without({ upstream: options.upstream, only: options.only }),
    evenLast: options.evenTheLast ?? false,
  })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(upstreamRoutes.announce, { body })
  const { dropped, warning } = answer
  out.result(
    answer,
    () =>
      `Providers are asked to drop ${dropped.only ?? 'everything'} to ${dropped.address} until ${dropped.until}.\n${warning}\n\`maru network upstream withdraw ${dropped.address}\` ends it before.\n`,
  )
}

/** `maru network upstream withdraw` */
export async function withdraw(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const address = parseWith(UpstreamAddress, text, 'ADDRESS')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(upstreamRoutes.withdraw, { params: { address } })
  out.result(answer, () => `Providers are asked to let ${address} through again.\n`)
}
