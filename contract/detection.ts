import { z } from 'zod'
import { EventKind, HostEvent } from './guard.ts'
import { HostName, Instant } from './ids.ts'
import { route } from './route.ts'
import { RuleSetReport, RuleSetWish } from './rule-set.ts'

/** The component that reads the traffic of apps. */
export const DETECTOR_COMPONENT = 'detector'

export const DETECTION_LIMITS = {
  /** An incident in which nothing more happens for so long is over. */
  quietMinutes: 30,
  incidentDays: 90,
  /** Things of an incident that are shown one by one: the newest. */
  entries: 500,
} as const

/** Those whose addresses say nothing: each packet can have another. */
const CROWDS: Readonly<Record<string, string>> = { many: 'many senders', outside: 'somebody outside' }

/** Whether it is said of nobody in particular: two things that such did are two incidents. */
export const isCrowd = (who: string): boolean => CROWDS[who] !== undefined

/** A name to which rules lead, of which something is told as of somebody. */
export const ofName = (name: string): string => `name:${name}`

export const isName = (who: string): boolean => who.startsWith('name:')

/** Who did it, as people say it; an address as it is. */
export const whoWords = ({ who }: { readonly who: string }): string => {
  const [kind = '', word = ''] = /^(app|name):(.*)$/.exec(who)?.slice(1) ?? []
  return CROWDS[who] ?? (word === '' ? who : `the ${kind} ${word}`)
}

/** What each severity is called: they are numbered from 1 to 5. */
export const SEVERITY_NAMES = ['', 'note', 'low', 'medium', 'high', 'critical'] as const
/** From this severity on somebody should look. */
export const SERIOUS_FROM = 4

/** What a host's detector says of itself. */
export const DetectorReport = z.strictObject({
  problem: z.string().describe('One sentence when attacks could go unseen, else empty'),
  saidAt: Instant.nullable().describe('When it counted last; null before it did'),
  packets: z.number().int().describe('Read since it started'),
  dropped: z.number().int().describe('Missed since it started'),
  rules: z.number().int().describe('What it looks for'),
  ruleSet: RuleSetReport.optional().describe('Of the rules of others; left out where none are wanted'),
})
export type DetectorReport = z.infer<typeof DetectorReport>

const IncidentId = z.string().regex(/^inc_[a-z0-9]{4,32}$/)

/** One thing of an incident. */
export const IncidentEntry = HostEvent.pick({
  host: true,
  uid: true,
  kind: true,
  start_time: true,
  end_time: true,
  count: true,
  severity_id: true,
  disposition: true,
  app: true,
  target_app: true,
  message: true,
}).extend({ rule: z.string().nullable().describe('Number of the rule that found it') })
export type IncidentEntry = z.infer<typeof IncidentEntry>

/** What one attacker did, from its beginning until he was quiet. */
export const Incident = z.strictObject({
  id: IncidentId,
  state: z.enum(['open', 'closed']),
  who: z
    .string()
    .describe(
      'Address or network that it came from, `app:NAME`, `name:NAME` for a name that rules lead to, `many` or `outside`',
    ),
  title: z.string(),
  severity: z.number().int().min(1).max(5).describe('Of the worst in it'),
  openedAt: Instant,
  lastAt: Instant,
  closedAt: Instant.nullable(),
  hosts: z.array(z.string()),
  apps: z.array(z.string()).describe('Whom it was aimed at, or who did it'),
  kinds: z.array(EventKind),
  count: z.number().int().describe('Packets and requests that were told of'),
})
export type Incident = z.infer<typeof Incident>

/** An incident as it is told. */
export const IncidentAccount = Incident.extend({
  account: z.string().describe('What happened, in plain words'),
  did: z.array(z.string()).describe('What the platform did'),
  canDo: z.array(z.string()).describe('What people can do'),
  entries: z.array(IncidentEntry).describe('Oldest first'),
})
export type IncidentAccount = z.infer<typeof IncidentAccount>

export const DetectionRuleView = z.strictObject({
  sid: z.number().int(),
  kind: EventKind,
  severity: z.number().int(),
  title: z.string(),
  means: z.string(),
  advice: z.string(),
})

const operators = { resource: 'platform', action: 'read' } as const

export const detectionRoutes = {
  incidents: route({
    method: 'GET',
    path: '/v1/network/incidents',
    summary: 'What attackers did, one incident for each of them, the newest first',
    access: operators,
    query: z.strictObject({
      state: z.enum(['open', 'closed']).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    response: z.strictObject({
      incidents: z.array(Incident),
      problems: z
        .array(z.strictObject({ host: HostName, problem: z.string() }))
        .describe('Hosts on which attacks could go unseen'),
    }),
  }),
  incident: route({
    method: 'GET',
    path: '/v1/network/incidents/{incident}',
    summary: 'An incident: what happened, what the platform did, what people can do',
    access: operators,
    params: z.strictObject({ incident: IncidentId }),
    response: IncidentAccount,
  }),
  detectors: route({
    method: 'GET',
    path: '/v1/network/detectors',
    summary: 'What reads the traffic of apps on each host, and what it looks for',
    access: operators,
    response: z.strictObject({
      detectors: z.array(DetectorReport.extend({ host: HostName })),
      rules: z.array(DetectionRuleView),
      ruleSet: RuleSetWish.nullable().describe('The rules of others that are wanted; null: none'),
    }),
  }),
  ruleSet: route({
    method: 'PUT',
    path: '/v1/network/rule-set',
    summary: 'Say whether the detectors look for what Emerging Threats Open knows, too',
    access: { resource: 'platform', action: 'manage' },
    recorded: { body: ['ruleSet'] },
    body: z.strictObject({ ruleSet: RuleSetWish.nullable().describe('Null: the platform’s own rules only') }),
    response: z.strictObject({ ruleSet: RuleSetWish.nullable() }),
  }),
}
