import { parseWith } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import { isActive, isOnTrial, parseEnd } from '#contract/network.ts'
import { type NetworkRuleView, networkRoutes } from '#contract/network-api.ts'
import { networkNoticeRoutes, type RuleNotice } from '#contract/network-notices.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import type { Output } from '#runtime/cli/output.ts'
import { openSession } from '#runtime/cli/session.ts'
import { counted } from '#runtime/kit/human-units.ts'

const dayAndTime = (instant: string) => `${instant.slice(0, 16).replace('T', ' ')} UTC`

function endOf(rule: NetworkRuleView, now: Date): string {
  const { builtIn, until, pausedUntil = '', approvedBy } = rule
  if (builtIn) return 'built in'
  if (approvedBy === null) return 'waits for approval'
  if (isOnTrial(rule, now)) return `taken back until ${pausedUntil.slice(11, 19)} UTC`
  if (until === null) return ''
  return isActive({ until }, now) ? dayAndTime(until) : `ended ${dayAndTime(until)}`
}

const portsOf = ({ protocol, ports }: NetworkRuleView) => `${protocol} ${ports.join(',')}`

function whoAllowed({ builtIn, approvedBy, askedBy }: NetworkRuleView): string {
  if (builtIn) return ''
  return [approvedBy, askedBy === null ? null : `asked by ${askedBy}`]
    .filter((one) => one !== null)
    .join(', ')
}

/** Says how what waits is approved. */
function noteWaiting(out: Output, rules: readonly NetworkRuleView[]): void {
  const waiting = rules.filter(({ approvedBy }) => approvedBy === null)
  if (waiting.length > 0)
    out.note(
      `${counted(waiting.length, 'rule')} not in force yet: an operator types maru network approve RULE.`,
    )
}

/** Says how what is taken back on trial stays so. */
function noteTrials(out: Output, rules: readonly NetworkRuleView[], now: Date): void {
  for (const { id } of rules.filter((rule) => isOnTrial(rule, now)))
    out.note(
      `${id} is taken back on trial and stands again by itself. If a new ssh session to the hosts works without it, type: maru network deny ${id} --keep`,
    )
}

function tableOf(out: Output, rules: readonly NetworkRuleView[], now: Date): string {
  const titles = ['RULE', 'FROM', 'TO', 'PORTS', 'UNTIL', 'BY', 'REASON']
  return out.table(
    titles.map((title) => ({ title })),
    rules.map((rule) => [
      ...[rule.id, rule.from, rule.to, portsOf(rule), endOf(rule, now)],
      ...[whoAllowed(rule), rule.reason],
    ]),
  )
}

const renderNotices = (notices: readonly RuleNotice[]) =>
  notices.length === 0 ? '' : `\n${notices.map(({ text }) => `${text}\n`).join('')}`

/** `maru network rules` */
export async function rules(
  context: CliContext,
  options: ApiOptions & { readonly app?: string },
): Promise<void> {
  const app = options.app === undefined ? undefined : parseWith(AppName, options.app, '--app')
  const { api, out } = await openSession(context, options)
  if (app !== undefined) {
    const own = await api.call(networkRoutes.appRules, { params: { app } })
    const { notices } = await api.call(networkNoticeRoutes.ofApp, { params: { app } })
    noteWaiting(out, own.rules)
    return out.result(
      { ...own, notices },
      () => tableOf(out, own.rules, context.now()) + renderNotices(notices),
    )
  }
  const answer = await api.call(networkRoutes.rules, {})
  if (answer.lockDown !== null) {
    const { until, by } = answer.lockDown
    out.note(
      until === null
        ? `Every host is locked down (${by}): what no rule allows is refused there, also what is not the platform’s own.`
        : `A lock-down is on trial (${by}) and ends at ${until.slice(11, 19)} UTC. If a new ssh session to the hosts works, type: maru network lock-down keep`,
    )
  }
  const { notices } = await api.call(networkNoticeRoutes.list, {})
  noteTrials(out, answer.rules, context.now())
  noteWaiting(out, answer.rules)
  out.result({ ...answer, notices }, () => tableOf(out, answer.rules, context.now()) + renderNotices(notices))
}

/** `maru network groups` */
export async function groups(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(networkRoutes.groups, {})
  out.result(answer, () =>
    out.table(
      ['GROUP', 'WHERE', 'WHAT', 'MEMBERS'].map((title) => ({ title })),
      answer.groups.map(({ group, where, what, members }) => [group, where, what, members.join(' ')]),
    ),
  )
}

/** `maru network map` */
export async function map(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const { rules } = await api.call(networkRoutes.rules, {})
  const standing = rules.filter((rule) => rule.approvedBy !== null && isActive(rule, context.now()))
  const flows = [...Map.groupBy(standing, ({ from }) => from)].map(([from, own]) => ({
    from,
    to: [...Map.groupBy(own, ({ to }) => to)].map(([to, all]) => ({ to, ports: all.map(portsOf) })),
  }))
  out.result({ flows }, () =>
    flows
      .map(({ from, to }) => {
        const lines = to.map(({ to, ports }) => `  ─▶ ${to}  ${ports.join('; ')}\n`)
        return `${from}\n${lines.join('')}`
      })
      .join(''),
  )
}

export interface ExplainOptions extends ApiOptions {
  readonly udp?: boolean
  readonly operator?: boolean
}

/** `maru network explain FROM TO PORT` */
export async function explain(
  context: CliContext,
  asked: { readonly from: string; readonly to: string; readonly port: string },
  options: ExplainOptions,
): Promise<void> {
  const question = parseWith(networkRoutes.explain.query, {
    ...asked,
    protocol: options.udp === true ? 'udp' : 'tcp',
  })
  const { api, out } = await openSession(context, options)
  const end = parseEnd(question.from)
  const { from: _, ...rest } = question
  const answer =
    end?.kind === 'app' && options.operator !== true
      ? await api.call(networkRoutes.appExplain, {
          params: { app: end.app },
          query: { ...rest, ...(end.process === null ? {} : { process: end.process }) },
        })
      : await api.call(networkRoutes.explain, { query: question })
  out.result(answer, () => `${answer.sentence}\n`)
}
