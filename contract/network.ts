import { z } from 'zod'
import { AppName, Instant, ProcessType } from './ids.ts'
import { isIpv6, parseNetwork, whyNoIpv6 } from './networks.ts'
import { RuleSetWish } from './rule-set.ts'

/** What a person may write down. */
export const NETWORK_LIMITS = {
  networkRules: 2000,
  networkRulesPerApp: 100,
  networkRulePorts: 16,
  lockDownTrialS: 60,
} as const

/** Groups by function. Where: on the host's own network, inside on the installation's bridges, or outside. */
export const NETWORK_GROUPS = {
  edge: { where: 'host', what: 'what visitors and apps ask, on every full host' },
  agent: { where: 'host', what: 'the agent of a host, and whoever else is root there' },
  mesh: { where: 'host', what: 'the door through which other hosts reach the parts of this one' },
  host: { where: 'host', what: 'the machine itself: its ssh and whatever else it runs' },
  names: {
    where: 'host',
    what: 'the platform’s resolver on the host: it tells apps the names that their rules allow, and no others',
  },
  control: { where: 'inside', what: 'the control planes' },
  database: { where: 'inside', what: 'the members of the database pair, with their keepers' },
  store: { where: 'inside', what: 'the members of etcd, the cluster’s store' },
  proxy: { where: 'inside', what: 'what leads to the database’s primary' },
  way: { where: 'inside', what: 'what stands for a part of the platform that is on another host' },
  builder: { where: 'inside', what: 'the containers in which apps are built' },
  apps: { where: 'inside', what: 'all instances and one-off commands of all apps' },
  resolver: { where: 'outside', what: 'the name servers that the host asks' },
  hosts: { where: 'outside', what: 'the other hosts of the installation' },
  private: { where: 'outside', what: 'private networks (RFC 1918 and 6598) that are not the installation’s' },
  internet: { where: 'outside', what: 'every public address' },
} as const satisfies Record<string, { where: 'host' | 'inside' | 'outside'; what: string }>
export type NetworkGroup = keyof typeof NETWORK_GROUPS

const isGroup = (text: string): text is NetworkGroup => Object.hasOwn(NETWORK_GROUPS, text)

/** What apps ask for names, on every host that runs apps: one answers while the other is replaced. */
export const RESOLVER_COMPONENTS = ['resolver', 'resolver-2'] as const
export type ResolverComponent = (typeof RESOLVER_COMPONENTS)[number]

/** One side of a rule, understood. */
export type RuleEnd =
  | { readonly kind: 'group'; readonly group: NetworkGroup }
  | { readonly kind: 'app'; readonly app: AppName; readonly process: ProcessType | null }
  | { readonly kind: 'network'; readonly v: '4' | '6'; readonly network: string }
  | { readonly kind: 'name'; readonly name: string }

const APP_END = /^app:([^/]+)(?:\/(.+))?$/
const DNS_NAME = /^(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/

/** Understands one side of a rule; undefined where it is none. */
export function parseEnd(text: string): RuleEnd | undefined {
  if (isGroup(text)) return { kind: 'group', group: text }
  const [, app, process] = APP_END.exec(text) ?? []
  if (app !== undefined) {
    const name = AppName.safeParse(app)
    const type = process === undefined ? null : ProcessType.safeParse(process)
    if (!name.success || type?.success === false) return undefined
    return { kind: 'app', app: name.data, process: type?.data ?? null }
  }
  if (z.ipv4().safeParse(text).success || z.cidrv4().safeParse(text).success)
    return { kind: 'network', v: '4', network: text }
  if (isIpv6(text))
    return whyNoIpv6(text) === undefined ? { kind: 'network', v: '6', network: oneForm(text) } : undefined
  return DNS_NAME.test(text) ? { kind: 'name', name: text } : undefined
}

/** IPv6 has several ways of writing one address; kept and compared is the shortest (RFC 5952). */
const oneForm = (text: string) => (isIpv6(text) ? (parseNetwork(text)?.text ?? text) : text)

const MEANT_AS_IPV6 = /^[\da-f]*:[\da-f:.]*([%/].*)?$/i

export const NetworkEnd = z
  .string()
  .max(260)
  .overwrite(oneForm)
  .refine((text) => parseEnd(text) !== undefined, {
    error: ({ input }) =>
      (MEANT_AS_IPV6.test(String(input)) ? whyNoIpv6(String(input)) : undefined) ??
      'must be a group, app:NAME, app:NAME/PROCESS, an address, a network, or a name such as api.example.org',
  })
  .describe('A group, app:NAME, app:NAME/PROCESS, an address or network, or a name')

/** One port or a range. */
export const PortRange = z
  .string()
  .regex(/^\d{1,5}(-\d{1,5})?$/, 'must be a port such as 443, or a range such as 8000-8010')
  .refine((text) => {
    const [first = 0, last = first] = text.split('-').map(Number)
    return first >= 1 && first <= last && last <= 65_535
  }, 'must be between 1 and 65535, the lower one first')
  .describe('A port such as 443, or a range such as 8000-8010')

export const NetworkRuleId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{2,60}$/)
  .describe('Id of a rule')

/** Who may open connections to whom. What no rule allows is refused. */
export const NetworkRule = z.strictObject({
  id: NetworkRuleId,
  from: NetworkEnd,
  to: NetworkEnd,
  protocol: z.enum(['tcp', 'udp']),
  ports: z.array(PortRange).min(1).max(NETWORK_LIMITS.networkRulePorts),
  reason: z.string().min(3).max(200).describe('Why it is needed'),
  approvedBy: z.string().describe('Who allowed it'),
  until: Instant.nullable().describe('When it ends by itself; null: not before somebody takes it back'),
  builtIn: z.boolean().describe('Part of the platform: it cannot be taken back'),
  /** Only where it is so: a host of a version before takes every other rule. */
  pausedUntil: Instant.optional().describe('Taken back on trial; then it stands again by itself'),
})
export type NetworkRule = z.infer<typeof NetworkRule>

/** Whether everything else on the machine is judged, too; until then it is on trial and ends by itself. */
export const LockDown = z.strictObject({
  since: Instant,
  by: z.string(),
  until: Instant.nullable().describe('When it ends by itself, unless it is kept; null: kept'),
})
export type LockDown = z.infer<typeof LockDown>

/** What people have decided about the network; what the platform needs itself is in the program. */
export const NetworkPolicy = z.strictObject({
  rules: z.array(NetworkRule).max(NETWORK_LIMITS.networkRules),
  lockDown: LockDown.nullable(),
  /** Only where it is so: a host of a version before knows no such word. */
  ruleSet: RuleSetWish.optional().describe('Rules of others that the detector looks for, too'),
})
export type NetworkPolicy = z.infer<typeof NetworkPolicy>

/** Nobody has decided anything. */
export const NO_POLICY: NetworkPolicy = { rules: [], lockDown: null }

interface Pausable {
  readonly pausedUntil?: string | undefined
}

/** Whether a rule is taken back on trial, because it may be what lets somebody in: it stands again by itself. */
export const isOnTrial = ({ pausedUntil }: Pausable, now: Date): boolean =>
  pausedUntil !== undefined && new Date(pausedUntil) > now

/** Whether something that ends by itself still stands, and is not taken back on trial. */
export const isActive = (one: Pausable & { readonly until: string | null }, now: Date): boolean =>
  (one.until === null || new Date(one.until) > now) && !isOnTrial(one, now)

/** What of a policy stands at a moment. */
export const activePolicy = ({ rules, lockDown }: NetworkPolicy, now: Date): NetworkPolicy => ({
  rules: rules.filter((rule) => isActive(rule, now)),
  lockDown: lockDown !== null && isActive(lockDown, now) ? lockDown : null,
})

/** For how long yet no rule of a policy ends by itself; infinite where none does. */
export const nextRuleEndMs = ({ rules }: NetworkPolicy, now: Date): number =>
  Math.min(...endsOf(rules).flatMap((end) => (end > now.getTime() ? [end - now.getTime()] : [])))

/** Whether a rule of a policy has ended by itself. */
export const hasEndedRules = ({ rules }: NetworkPolicy, now: Date): boolean =>
  endsOf(rules).some((end) => end <= now.getTime())

const endsOf = (rules: readonly NetworkRule[]) =>
  rules.flatMap(({ until }) => (until === null ? [] : [Date.parse(until)]))

/** What of a policy is on trial or was: each by a name of its own, and when it ends by the control plane's time of day. */
export const trialsIn = ({ rules, lockDown }: NetworkPolicy): { name: string; until: string }[] => [
  ...(lockDown === null || lockDown.until === null
    ? []
    : [{ name: nameOfLockDown(lockDown), until: lockDown.until }]),
  ...rules.flatMap((rule) =>
    rule.pausedUntil === undefined ? [] : [{ name: nameOfPause(rule), until: rule.pausedUntil }],
  ),
]
const nameOfLockDown = ({ since, until }: LockDown) => `lock-down ${since} ${until}`
const nameOfPause = ({ id, pausedUntil }: NetworkRule) => `${id} ${pausedUntil}`

/** A policy without the trials that are over: the lock-down is gone, the rule stands again. */
export const withoutTrials = (policy: NetworkPolicy, over: ReadonlySet<string>): NetworkPolicy => ({
  ...policy,
  rules: policy.rules.map((rule) => {
    if (!over.has(nameOfPause(rule))) return rule
    const { pausedUntil: _, ...stands } = rule
    return stands
  }),
  lockDown: policy.lockDown !== null && over.has(nameOfLockDown(policy.lockDown)) ? null : policy.lockDown,
})

/** What hosts are told: no trial that is over, and for how long yet each is on, as their own clocks may show another time. */
export function tellTrials(policy: NetworkPolicy, now: Date): { network: NetworkPolicy; trials: TrialTimes } {
  const left = trialsIn(policy).map(({ name, until }) => [name, Date.parse(until) - now.getTime()] as const)
  const over = new Set(left.flatMap(([name, leftMs]) => (leftMs > 0 ? [] : [name])))
  const trials = Object.fromEntries(left.filter(([, leftMs]) => leftMs > 0))
  return { network: withoutTrials(policy, over), trials }
}

/** Names of trials → for how long yet each is on, in ms. */
export const TrialTimes = z.record(z.string(), z.number().int().min(0))
export type TrialTimes = z.infer<typeof TrialTimes>

/** What a host says of its packet filter. */
export const FilterReport = z.strictObject({
  restored: z.number().int().describe('How often rules that a hand had changed were put back'),
  restoredAt: Instant.nullable(),
  bridged: z.boolean().describe('Packets between containers of one bridge are judged, too'),
  refusedNames: z.array(z.string()).describe('Names in rules that mean an address inside: it is refused'),
  used: z.array(z.string()).default([]).describe('People’s rules that had traffic here within a day'),
  locked: z
    .boolean()
    .optional()
    .describe('Whatever else the machine carries is judged, too; left out by a version before'),
})
export type FilterReport = z.infer<typeof FilterReport>
