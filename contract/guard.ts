import { z } from 'zod'
import { HostName, Instant } from './ids.ts'
import { MetricsRange } from './metrics.ts'
import { isIpv6, parseNetwork, whyNoIpv6 } from './networks.ts'

export const GUARD_LIMITS = {
  /** Closed ports of a host that a source may ask for at once; after that one more every ten minutes. */
  closedPorts: 4,
  /** Ports of other programs on the host that a source may begin to use within a minute. */
  otherPorts: 20,
  /** Closed ports that a source may ask for within a day. */
  closedPortsPerDay: 12,
  /** Of one address, from so many senders in so many networks on: a search that is spread. Nobody is held for being in it. */
  spreadSenders: 10,
  spreadNetworks: 5,
  /** Questions that count together, above so many a minute that are taken for noise. */
  spreadQuestions: 50,
  spreadPerMinute: 20,
  /** Opening packets a second of a source that has not completed a connection. */
  openingPerSecond: 5_000,
  /** Those of all such sources together, above which people are told of a flood; they are let through all the same. */
  openingsOfAll: 2_000,
  /** UDP packets a second of a source that has got no answer yet; of all such sources together twice as many. */
  datagramsPerSecond: 1_000,
  /** Pings a second of a source; of all together 25 times as many. */
  pingsPerSecond: 20,
  /** Open connections of a source to programs of the host that are not the platform. */
  otherConnections: 1_000,
  /** Sign-ins of a source that fail within 15 minutes, whoever it tries to be; the edge turns further ones away. */
  failedSignIns: 50,
  /** Of those that it tries all the same within that time; then it may not sign in while it is held. */
  turnedAwaySignIns: 50,
  /** Ports of one destination that an instance may ask for within a minute. */
  instancePorts: 20,
  /** How long who is held stays so: the first time, the second, and from then on within a day. */
  holdFirstS: 600,
  holdAgainS: 3_600,
  holdOftenS: 86_400,
  eventDays: 30,
  countDays: 8,
  blocks: 10_000,
  engagementDays: 90,
} as const

/** Wider networks are never blocked as a whole. */
const WIDEST = { 4: 8, 6: 32 } as const

/** An address or a network, in its shortest form. */
export const NetworkAddress = z
  .string()
  .max(64)
  .refine((text) => parseNetwork(text) !== undefined, 'must be an address or a network such as 192.0.2.0/24')
  .transform((text) => parseNetwork(text)?.text ?? text)
export const Source = NetworkAddress.refine((text) => {
  const network = parseNetwork(text)
  return network !== undefined && network.bits >= WIDEST[network.v]
}, 'is too wide: at least /8, or /32 of IPv6').describe('Address or network')
const whyNoSource = (text: unknown) =>
  typeof text === 'string' && isIpv6(text) ? whyNoIpv6(text) : undefined
/** One that is asked for now: IPv6 only as packets carry it. */
export const AskedSource = z
  .string()
  .refine((text) => whyNoSource(text) === undefined, {
    error: ({ input }) => whyNoSource(input),
    abort: true,
  })
  .pipe(Source)
  .describe('Address or network')

const Period = { from: Instant, until: Instant }

/** What people decide about who speaks to the hosts; each host has all of it that concerns it. */
export const GuardOrders = z.strictObject({
  /** Whoever is never judged. */
  partners: z.array(z.string()),
  engagements: z.array(z.strictObject({ source: z.string(), ...Period })),
  blocks: z.array(
    z.strictObject({ source: z.string(), since: Instant, until: Instant.nullable(), reason: z.string() }),
  ),
  /** Holds that began before this time are over. */
  lifted: z.array(z.strictObject({ source: z.string(), at: Instant })),
})
export type GuardOrders = z.infer<typeof GuardOrders>
export const NO_ORDERS: GuardOrders = { partners: [], engagements: [], blocks: [], lifted: [] }

/**
 * Who may not speak to a host: for evidence that could be forged, to all but the platform's ports; else to none. Who guessed passwords
 * may only not sign in.
 */
export const BlockKind = z.enum(['held', 'blocked', 'instance', 'sign-in'])
export type BlockKind = z.infer<typeof BlockKind>

export const HostBlock = z.strictObject({
  source: z.string(),
  kind: BlockKind,
  since: Instant,
  until: Instant.nullable(),
  reason: z.string(),
  times: z.number().int().describe('How often within a day'),
})
export type HostBlock = z.infer<typeof HostBlock>

/** What the detector tells of, who reads the requests to apps and what apps send. */
export const DETECTED_KINDS = [
  'web probe',
  'web attack',
  'break-in',
  'outbound',
  'plaintext password',
  'protocol anomaly',
  'detector check',
] as const
export const EVENT_KINDS = [
  'scan',
  'malformed',
  'flood',
  'exhaustion',
  'memory full',
  'distributed scan',
  'engagement',
  'instance scan',
  'spoofing',
  'password guessing',
  'black hole',
  'flow rule',
  ...DETECTED_KINDS,
] as const
export const EventKind = z.enum(EVENT_KINDS)
export type EventKind = z.infer<typeof EventKind>

const Endpoint = z.strictObject({ ip: z.string(), port: z.number().int().nullable() })

/** One source doing one thing for at most a minute; field names as in OCSF 1.3, class Detection Finding. */
export const NetworkEvent = z.strictObject({
  uid: z.string(),
  class_uid: z.literal(2004),
  kind: EventKind,
  start_time: Instant,
  end_time: Instant,
  count: z.number().int().describe('Packets that the kernel told of, or attempts'),
  severity_id: z.number().int().min(1).max(5).describe('1 informational to 5 critical'),
  disposition: z.enum(['Blocked', 'Logged']),
  src_endpoint: Endpoint,
  dst_endpoint: Endpoint,
  protocol_name: z.string(),
  app: z.string().nullable().describe('Where an instance did it: its app'),
  target_app: z.string().nullable().optional().describe('Where a request to an app did it: that app'),
  finding_info: z
    .strictObject({
      uid: z.string().describe('Number of the rule that found it'),
      title: z.string(),
      desc: z.string().describe('What it means'),
    })
    .optional()
    .describe('Where the detector found it'),
  message: z.string(),
})
export type NetworkEvent = z.infer<typeof NetworkEvent>

const packets = z.number().int().min(0)
/** What a host's packet filters have counted; names of the counters in the kernel. */
export const PacketCounts = z.strictObject({
  judged: packets.describe('Packets of the installation’s own networks that rules were asked about'),
  refused: packets.describe('Of these, packets that no rule allows'),
  kept_out: packets.describe('Packets of whoever is held or blocked'),
  flooded: packets.describe(
    'Packets that searched, were malformed, forged or too many; opening packets of many senders are counted and let through',
  ),
})
export type PacketCounts = z.infer<typeof PacketCounts>
export const MinuteCounts = PacketCounts.extend({ at: Instant.describe('Begin of the minute') })
export type MinuteCounts = z.infer<typeof MinuteCounts>

/** Width of a step of the picture, in seconds, for each range of time. */
export const TRAFFIC_STEPS_S = { '1h': 60, '24h': 300, '7d': 1800 } as const satisfies Record<
  MetricsRange,
  number
>
export const NetworkTraffic = z.strictObject({
  range: MetricsRange,
  stepS: z.number().int(),
  from: Instant,
  to: Instant,
  counts: z.array(MinuteCounts).describe('Packets of each step; a step that nobody counted is not in it'),
  events: z
    .array(z.strictObject({ at: Instant, kind: z.string(), count: z.number().int() }))
    .describe('How many events of each kind began in each step'),
})
export type NetworkTraffic = z.infer<typeof NetworkTraffic>

/** What the detector of a host found, before it is an event. */
export interface Finding {
  readonly kind: EventKind
  readonly severity: number
  /** Finds of one source and kind that have this in common are one event. */
  readonly topic: string
  readonly source: string
  readonly sourcePort: number | null
  readonly destination: string
  readonly port: number | null
  readonly protocol: string
  /** Milliseconds. */
  readonly at: number
  readonly app: string | null
  readonly target: string | null
  readonly message: string
  readonly rule: NonNullable<NetworkEvent['finding_info']>
}

/** What a host's guard says: whom it holds, and what has happened since the number that was asked for. */
export const GuardReport = z.strictObject({
  sequence: z.number().int(),
  /** One sentence when it does not work as it should, else empty. */
  problem: z.string(),
  blocks: z.array(HostBlock),
  events: z.array(NetworkEvent),
  counts: z.array(MinuteCounts).default([]).describe('Of minutes that are over'),
})
export type GuardReport = z.infer<typeof GuardReport>
export const HostEvent = NetworkEvent.extend({ host: HostName })
export type HostEvent = z.infer<typeof HostEvent>

export const reason = z.string().trim().min(1).max(300)

export const BlockRequest = z.strictObject({
  source: AskedSource,
  minutes: z.number().int().min(1).max(525_600).nullable().default(null).describe('Null: until it is lifted'),
  reason: reason.describe('Why, for whoever wonders later'),
  self: z
    .string()
    .max(64)
    .optional()
    .describe('Address that the caller works from, where it is another than the server sees'),
})
export type BlockRequest = z.infer<typeof BlockRequest>

export const NetworkBlock = HostBlock.extend({
  host: HostName.nullable().describe('The host that holds it; null: all, because people wanted it'),
  by: z.string().nullable().describe('Who blocked it'),
})
export type NetworkBlock = z.infer<typeof NetworkBlock>

export const Partner = z.strictObject({ source: Source, reason, by: z.string(), since: Instant })
export type Partner = z.infer<typeof Partner>

export const EngagementId = z.string().regex(/^eng_[a-z0-9]{4,32}$/)
export const EngagementRequest = z.strictObject({
  source: AskedSource,
  reference: z.string().trim().min(1).max(200).describe('Of the agreement'),
  ...Period,
  hosts: z.array(HostName).max(100).default([]).describe('Hosts that may be tested; none: all'),
})
export type EngagementRequest = z.infer<typeof EngagementRequest>
export const Engagement = EngagementRequest.extend({
  source: Source,
  id: EngagementId,
  by: z.string(),
  state: z.enum(['planned', 'open', 'over']),
})
export type Engagement = z.infer<typeof Engagement>
