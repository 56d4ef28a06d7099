import { z } from 'zod'
import { AppName, Instant, ProcessType } from './ids.ts'
import { LockDown, NETWORK_LIMITS, NetworkEnd, NetworkRule, NetworkRuleId, PortRange } from './network.ts'
import { route } from './route.ts'

const allowed = {
  to: NetworkEnd,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  ports: z.array(PortRange).min(1).max(NETWORK_LIMITS.networkRulePorts),
  reason: NetworkRule.shape.reason,
  until: Instant.optional().describe('When it ends by itself (default: not before somebody takes it back)'),
}

/** What an app may reach, as its own people ask for it. */
export const AppRuleRequest = z.strictObject({
  process: ProcessType.optional().describe('Only this process type of the app (default: all)'),
  ...allowed,
})
export type AppRuleRequest = z.infer<typeof AppRuleRequest>

export const RuleRequest = z.strictObject({ from: NetworkEnd, ...allowed })
export type RuleRequest = z.infer<typeof RuleRequest>

export const NetworkGroupView = z.strictObject({
  group: z.string(),
  where: z.enum(['host', 'inside', 'outside']).describe('On the host’s own network, on a bridge, or outside'),
  what: z.string().describe('What is in it'),
  members: z.array(z.string()).describe('Addresses, networks or apps, as far as they are known'),
})
export type NetworkGroupView = z.infer<typeof NetworkGroupView>

/** A rule as people see it: in force, or waiting until an operator approves it. */
export const NetworkRuleView = NetworkRule.extend({
  approvedBy: NetworkRule.shape.approvedBy
    .nullable()
    .describe('Who allowed it; null: it waits for the approval of an operator and allows nothing yet'),
  askedBy: z.string().nullable().describe('Who asked for it, where another had to allow it'),
})
export type NetworkRuleView = z.infer<typeof NetworkRuleView>

const approvalNeeded = z
  .boolean()
  .describe('Whether what an app’s people ask for waits for the approval of an operator')

export const NetworkRules = z.strictObject({
  rules: z.array(NetworkRuleView),
  lockDown: LockDown.nullable(),
  approvalNeeded,
})
export const AppNetworkRules = z.strictObject({ rules: z.array(NetworkRuleView), approvalNeeded })

export const Explanation = z.strictObject({
  allowed: z.boolean().describe('Whether a rule allows it'),
  judged: z
    .boolean()
    .describe(
      'Whether what no rule allows is refused there: of what is the machine’s own only while hosts are locked down',
    ),
  sentence: z.string().describe('What happens to such a connection, and by which rule'),
  rule: NetworkRule.nullable().describe('The rule that allows it, or the nearest one that does not'),
})
export type Explanation = z.infer<typeof Explanation>

/** Who asks over a host’s own socket is somewhere that the server cannot see. */
const Self = z
  .string()
  .max(64)
  .optional()
  .describe('Address that the caller works from, where it is another than the server sees')

const question = {
  to: NetworkEnd,
  port: z.coerce.number().int().min(1).max(65_535),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
}
const operators = (action: 'read' | 'manage') => ({ resource: 'platform', action }) as const
const ofApp = z.strictObject({ app: AppName })

export const networkRoutes = {
  groups: route({
    method: 'GET',
    path: '/v1/network/groups',
    summary: 'The groups of the network, by function',
    access: operators('read'),
    response: z.strictObject({ groups: z.array(NetworkGroupView) }),
  }),
  rules: route({
    method: 'GET',
    path: '/v1/network/rules',
    summary: 'Who may reach whom: the platform’s own rules and those of people',
    access: operators('read'),
    response: NetworkRules,
  }),
  allow: route({
    method: 'POST',
    path: '/v1/network/rules',
    summary: 'Allow connections that no rule allows yet',
    access: operators('manage'),
    recorded: { body: ['from', 'to', 'protocol', 'ports', 'reason', 'until'] },
    body: RuleRequest,
    response: NetworkRuleView,
    status: 201,
    idempotent: true,
  }),
  deny: route({
    method: 'DELETE',
    path: '/v1/network/rules/{rule}',
    summary: 'Take a rule back, or refuse one that waits; connections that it had allowed end at once',
    access: operators('manage'),
    params: z.strictObject({ rule: NetworkRuleId }),
    query: z.strictObject({
      self: Self,
      keep: z.stringbool().default(false).describe('It is taken back on trial, and stays so'),
    }),
    response: NetworkRuleView,
  }),
  approve: route({
    method: 'POST',
    path: '/v1/network/rules/{rule}/approve',
    summary: 'Bring a rule in force that waits for approval',
    access: operators('manage'),
    params: z.strictObject({ rule: NetworkRuleId }),
    response: NetworkRuleView,
  }),
  approval: route({
    method: 'PUT',
    path: '/v1/network/approval',
    summary: 'Say whether what an app’s people ask for needs the approval of an operator',
    access: operators('manage'),
    recorded: { body: ['needed'] },
    body: z.strictObject({ needed: z.boolean() }),
    response: z.strictObject({ approvalNeeded }),
  }),
  explain: route({
    method: 'GET',
    path: '/v1/network/explain',
    summary: 'Whether a connection is allowed, and by which rule',
    access: operators('read'),
    query: z.strictObject({ from: NetworkEnd, ...question }),
    response: Explanation,
  }),
  lockDown: route({
    method: 'PUT',
    path: '/v1/network/lock-down',
    summary: 'Refuse on every host what no rule allows, also what is not the platform’s own',
    access: operators('manage'),
    recorded: { body: ['state'] },
    body: z.strictObject({
      state: z
        .enum(['try', 'keep', 'off'])
        .describe('`try`: it ends by itself after a minute; `keep`: the one on trial stays; `off`: it ends'),
    }),
    response: z.strictObject({ lockDown: LockDown.nullable() }),
  }),
  appRules: route({
    method: 'GET',
    path: '/v1/apps/{app}/network/rules',
    summary: 'What an app may reach, and who may reach it',
    access: { resource: 'app', action: 'read' },
    params: ofApp,
    response: AppNetworkRules,
  }),
  appAllow: route({
    method: 'POST',
    path: '/v1/apps/{app}/network/rules',
    summary: 'Let an app reach something outside, or ask for it where an operator has to approve',
    access: { resource: 'app', action: 'configure' },
    recorded: { body: ['process', 'to', 'protocol', 'ports', 'reason', 'until'] },
    params: ofApp,
    body: AppRuleRequest,
    response: NetworkRuleView,
    status: 201,
    idempotent: true,
  }),
  appDeny: route({
    method: 'DELETE',
    path: '/v1/apps/{app}/network/rules/{rule}',
    summary: 'Take back what an app may reach, or the wish for it; its connections there end at once',
    access: { resource: 'app', action: 'configure' },
    params: z.strictObject({ app: AppName, rule: NetworkRuleId }),
    response: NetworkRuleView,
  }),
  appExplain: route({
    method: 'GET',
    path: '/v1/apps/{app}/network/explain',
    summary: 'Whether an app may open a connection, and by which rule',
    access: { resource: 'app', action: 'read' },
    params: ofApp,
    query: z.strictObject({ process: ProcessType.optional(), ...question }),
    response: Explanation,
  }),
} as const
