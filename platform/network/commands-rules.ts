import { MaruError, parseWith } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import { NETWORK_LIMITS, NetworkRuleId, parseEnd } from '#contract/network.ts'
import { type NetworkRuleView, networkRoutes, RuleRequest } from '#contract/network-api.ts'
import { networkNoticeRoutes } from '#contract/network-notices.ts'
import { clientAddress } from '#runtime/cli/client-address.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'

export interface AllowOptions extends ApiOptions {
  readonly to: string
  readonly reason: string
  readonly until?: string
  readonly udp?: boolean
  readonly operator?: boolean
}

/** `api.example.org:443,8443` → the goal and its ports. */
function parseGoal(text: string): { to: string; ports: string[] } {
  const at = text.lastIndexOf(':')
  // An address of IPv6 may be in brackets, as before every port.
  const [to, ports] = [text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), text.slice(at + 1)]
  if (at > 0 && /^[\d,-]+$/.test(ports)) return { to, ports: ports.split(',') }
  throw new MaruError('invalid', { field: '--to', reason: 'must end in ports, such as api.example.org:443' })
}

/** A day ends with its last moment. */
function parseUntil(text: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59.000Z` : text)
  if (!Number.isNaN(time.getTime())) return time.toISOString()
  throw new MaruError('invalid', { field: '--until', reason: 'must be a date such as 2027-01-31' })
}

/** `maru network allow FROM --to GOAL:PORTS` */
export async function allow(context: CliContext, from: string, options: AllowOptions): Promise<void> {
  const request = parseWith(RuleRequest, {
    from,
    ...parseGoal(options.to),
    protocol: options.udp === true ? 'udp' : 'tcp',
    reason: options.reason,
    ...(options.until === undefined ? {} : { until: parseUntil(options.until) }),
  })
  const { api, out } = await openSession(context, options)
  const end = parseEnd(from)
  const { from: _, ...rest } = request
  const rule =
    end?.kind === 'app' && options.operator !== true
      ? await api.call(networkRoutes.appAllow, {
          params: { app: end.app },
          body: { ...rest, ...(end.process === null ? {} : { process: end.process }) },
        })
      : await api.call(networkRoutes.allow, { body: request })
  out.result(rule, () => sentenceOf(rule))
  const { notices } =
    end?.kind === 'app' && options.operator !== true
      ? await api.call(networkNoticeRoutes.ofApp, { params: { app: end.app } })
      : await api.call(networkNoticeRoutes.list, {})
  // What the rule has to do with others is told when it is made.
  for (const { text } of notices.filter((notice) => notice.rule === rule.id)) out.note(text)
}

const sentenceOf = ({ id, from, to, protocol, ports, approvedBy }: NetworkRuleView) =>
  approvedBy === null
    ? `${id} waits for the approval of an operator: maru network approve ${id}\n`
    : `${id}: ${from} may reach ${to} at ${protocol} ${ports.join(', ')}.\n`

/** `maru network approve RULE` */
export async function approve(context: CliContext, id: string, options: ApiOptions): Promise<void> {
  const rule = parseWith(NetworkRuleId, id, 'RULE')
  const { api, out } = await openSession(context, options)
  const approved = await api.call(networkRoutes.approve, { params: { rule } })
  out.result(approved, () => sentenceOf(approved))
}

/** `maru network approval STATE` */
export async function approval(context: CliContext, state: string, options: ApiOptions): Promise<void> {
  const { needed } = parseWith(networkRoutes.approval.body, {
    needed: state === 'on' || (state === 'off' ? false : state),
  })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(networkRoutes.approval, { body: { needed } })
  out.result(answer, () =>
    answer.approvalNeeded
      ? 'What an app’s people ask for waits for an operator from now on. What is allowed already stays so.\n'
      : 'An app’s people allow it to reach public addresses themselves. What waits already goes on waiting.\n',
  )
}

async function selfOf({ env }: CliContext, { keep = false }: { readonly keep?: boolean }) {
  const self = await clientAddress(env)
  return { keep: String(keep), ...(self === undefined ? {} : { self }) }
}

/** `maru network deny RULE` */
export async function deny(
  context: CliContext,
  id: string,
  options: ApiOptions & { readonly app?: string; readonly keep?: boolean },
): Promise<void> {
  const rule = parseWith(NetworkRuleId, id, 'RULE')
  const app = options.app === undefined ? undefined : parseWith(AppName, options.app, '--app')
  const { api, out } = await openSession(context, options)
  const gone =
    app === undefined
      ? await api.call(networkRoutes.deny, { params: { rule }, query: await selfOf(context, options) })
      : await api.call(networkRoutes.appDeny, { params: { app, rule } })
  out.result(gone, () => sentenceOfGone(gone))
}

/** What is open already proves nothing, nor does the console: visitors' ports stay open. */
const TRY_NOW =
  'Open a new connection now in the way in which you administer the hosts, such as ssh. Only if that works, type:'

function sentenceOfGone({ id, from, to, approvedBy, pausedUntil }: NetworkRuleView): string {
  if (approvedBy === null) return `${id} waits no longer: it was not approved.\n`
  if (pausedUntil === undefined) return `${id} is gone: ${from} may no longer reach ${to} by it.\n`
  return `${id} may be what lets you in. It is taken back on trial for ${NETWORK_LIMITS.lockDownTrialS} s, then it stands again.\n${TRY_NOW} maru network deny ${id} --keep\n`
}

/** `maru network lock-down STATE` */
export async function lockDown(context: CliContext, state: string, options: ApiOptions): Promise<void> {
  const body = parseWith(networkRoutes.lockDown.body, { state })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(networkRoutes.lockDown, { body })
  out.result(answer, () => {
    if (answer.lockDown === null)
      return 'The hosts are not locked down: only what is the platform’s own is judged.\n'
    if (answer.lockDown.until === null) return 'Every host is locked down.\n'
    return `On trial for ${NETWORK_LIMITS.lockDownTrialS} s. ${TRY_NOW} maru network lock-down keep\n`
  })
}
