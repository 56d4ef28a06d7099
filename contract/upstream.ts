import { z } from 'zod'
import { HostAddress } from './host-identity.ts'
import { HostName, Instant } from './ids.ts'
import { parseEnd } from './network.ts'
import { isIpv6 } from './networks.ts'
import { NAMES_A_USER, namesNoUser } from './url.ts'

/** What an operator may set up and ask for. */
export const UPSTREAM_LIMITS = {
  upstreams: 16,
  announceMinutes: 10_080,
  /** Below this a limit would take an address off the net for ordinary visitors. */
  automaticPerSecond: 1_000,
} as const

/** The community by which providers drop what is announced with it (RFC 7999). */
export const BLACKHOLE = '65535:666'

export const UpstreamName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and hyphens, at most 31')
  .describe('Name of a provider or partner')
export type UpstreamName = z.infer<typeof UpstreamName>

/** IPv6 has several ways of writing one address; kept and compared is one of them. */
const oneForm = (address: string) =>
  isIpv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

/** An address that providers can be asked about. */
export const UpstreamAddress = z
  .union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address')
  .overwrite(oneForm)
  .describe('An IPv4 or IPv6 address')
export type UpstreamAddress = z.infer<typeof UpstreamAddress>

/** The address alone, as routers write it. */
export const prefixOf = (address: string) => `${address}/${isIpv6(address) ? 128 : 32}`

/** What of the traffic to an address a flow rule means: `udp`, `udp:53`, `tcp:8443`, `icmp`. */
export const FlowText = z
  .string()
  .regex(/^((udp|tcp)(:[1-9]\d{0,4})?|icmp)$/, 'must be udp, udp:PORT, tcp, tcp:PORT or icmp')
  .refine((text) => {
    const port = text.split(':')[1]
    return port === undefined || Number(port) <= 65_535
  }, 'has a port that is not between 1 and 65535')
  .describe('Such as udp:53; left out: everything')
export type FlowText = z.infer<typeof FlowText>

const AsNumber = z.number().int().min(1).max(4_294_967_294)
const Community = z
  .string()
  .regex(/^\d{1,5}:\d{1,5}$/, 'must be two numbers such as 65535:666')
  .refine((text) => text.split(':').every((part) => Number(part) <= 65_535), 'has a number above 65535')

/** A provider that hears by BGP what it should drop. */
export const BgpSettings = z.strictObject({
  kind: z.literal('bgp'),
  ownAs: AsNumber.describe('Our number; a private one where the provider gave one'),
  neighbour: HostAddress.describe('Address of the provider’s router'),
  neighbourAs: AsNumber.describe('Number of the provider'),
  community: Community.default(BLACKHOLE).describe('Means: drop this'),
  nextHop: HostAddress.nullable()
    .default(null)
    .describe('Where the provider wants dropped addresses to lead; null: to the host that says so'),
  /** Only where it is so: a host of a version before knows no such word. */
  flowRules: z.literal(true).optional().describe('The provider takes flow rules (RFC 8955), too'),
  nextHop6: z.ipv6().optional().describe('The same for IPv6; left out: to the host that says so'),
})
export type BgpSettings = z.infer<typeof BgpSettings>

const WebhookUrl = z
  .url({ protocol: /^https$/, error: 'must be an https address' })
  .max(500)
  .refine((text) => parseEnd(new URL(text).hostname) !== undefined, 'must name a host or an IPv4 address')
  .refine(namesNoUser, NAMES_A_USER)

/** A partner who is told over HTTPS what should be dropped. */
export const WebhookSettings = z.strictObject({
  kind: z.literal('webhook'),
  url: WebhookUrl.describe('Where the whole wished state is posted'),
  ca: z
    .string()
    .max(20_000)
    .nullable()
    .default(null)
    .describe('The only root that is believed (PEM); null: those of the system'),
})
export type WebhookSettings = z.infer<typeof WebhookSettings>

/** When the platform asks for it by itself. */
export const AutomaticLimit = z.strictObject({
  perSecond: z
    .number()
    .int()
    .min(UPSTREAM_LIMITS.automaticPerSecond)
    .max(1_000_000_000)
    .describe('Packets to one address in a second'),
  forS: z.number().int().min(3).max(3_600).default(30).describe('For so many seconds without a break'),
  minutes: z
    .number()
    .int()
    .min(1)
    .max(1_440)
    .default(10)
    .describe('Announced for so long, then looked at again'),
  evenLast: z.boolean().default(false).describe('Also the last address that serves the apps'),
})
export type AutomaticLimit = z.infer<typeof AutomaticLimit>

export const UpstreamSettings = z.discriminatedUnion('kind', [BgpSettings, WebhookSettings])
export type UpstreamSettings = z.infer<typeof UpstreamSettings>

/** No quotes and no backslashes: BIRD reads it in quotes. */
const Secret = z
  .string()
  .min(8)
  .max(80)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be letters, digits and signs, without quotes and spaces')

const GIVEN = {
  name: UpstreamName,
  settings: UpstreamSettings,
  hosts: z.array(HostName).max(100).default([]).describe('Hosts whose addresses it brings; none: all'),
  automatic: AutomaticLimit.nullable().default(null).describe('Null: only people announce'),
}
export const UpstreamRequest = z.strictObject({
  ...GIVEN,
  secret: Secret.optional().describe(
    'Of BGP: the password (TCP MD5); of a webhook: what signs, and is needed',
  ),
})
export type UpstreamRequest = z.infer<typeof UpstreamRequest>

/** How one way to a provider is. */
export const UpstreamState = z.strictObject({
  host: HostName.nullable().describe('The host that speaks; null: the control plane'),
  ok: z.boolean(),
  detail: z.string(),
})
export type UpstreamState = z.infer<typeof UpstreamState>

export const Upstream = z.strictObject({
  ...GIVEN,
  hasSecret: z.boolean(),
  by: z.string(),
  since: Instant,
  states: z.array(UpstreamState),
})
export type Upstream = z.infer<typeof Upstream>

export const announceReason = z.string().trim().min(3).max(200)

/** An address that providers are asked to drop everything to. */
export const BlackHole = z.strictObject({
  id: z.string(),
  address: UpstreamAddress,
  upstream: UpstreamName.nullable().describe('Told to this one only; null: to all that bring the address'),
  since: Instant,
  until: Instant,
  only: FlowText.nullable().describe('What is dropped; null: everything'),
  reason: z.string(),
  by: z.string(),
  automatic: z.boolean(),
})
export type BlackHole = z.infer<typeof BlackHole>

/** What comes to an address, beside the limit above which a provider is asked by itself. */
export const MeasuredRate = z.strictObject({
  address: UpstreamAddress,
  host: HostName.describe('Where it was counted'),
  upstream: UpstreamName.describe('Whose limit it is'),
  limit: z.number().int().describe('Packets a second'),
  perSecond: z.number().int().describe('Packets in the last second'),
  highest: z.number().int().describe('The most in a second of the last hour'),
})
export type MeasuredRate = z.infer<typeof MeasuredRate>

/** Port of the speaker itself: nobody may knock there, the session is opened from here. */
export const SPEAKER_PORT = 17_900
export const BGP_PORT = 179
/** The component that speaks BGP. */
export const UPSTREAM_COMPONENT = 'upstream'

/** What a host has to do: whom it speaks to, what it says, and whose packets it counts. Always whole. */
export const UpstreamOrders = z.strictObject({
  sessions: z.array(
    BgpSettings.omit({ kind: true }).extend({
      name: UpstreamName,
      password: z.string().nullable(),
      announced: z.array(z.strictObject({ address: UpstreamAddress, until: Instant })),
      /** Only where there are some: a host of a version before knows no such word. */
      flows: z.array(z.strictObject({ address: UpstreamAddress, only: FlowText, until: Instant })).optional(),
    }),
  ),
  counted: z
    .array(z.strictObject({ address: UpstreamAddress, perSecond: z.number().int() }))
    .describe('Tell when more packets than that come to the address'),
})
export type UpstreamOrders = z.infer<typeof UpstreamOrders>
export const NO_UPSTREAM: UpstreamOrders = { sessions: [], counted: [] }

/** What a host says of its part. */
export const UpstreamReport = z.strictObject({
  sessions: z.array(
    z.strictObject({
      name: UpstreamName,
      up: z.boolean(),
      detail: z.string(),
      announced: z.array(UpstreamAddress).describe('What is said there now'),
    }),
  ),
  above: z
    .array(
      z.strictObject({
        address: UpstreamAddress,
        limit: z.number().int(),
        perSecond: z.number().int(),
        forS: z.number().int().describe('Seconds without a break'),
      }),
    )
    .describe('Addresses to which more packets come than a limit'),
  measured: z
    .array(
      z.strictObject({
        address: UpstreamAddress,
        perSecond: z.number().int().describe('Packets in the last second'),
        highest: z.number().int().describe('The most in a second of the last hour'),
      }),
    )
    .optional()
    .describe('What comes to the addresses that have a limit; left out where none has'),
  problem: z.string().describe('One sentence when it does not work as it should, else empty'),
})
export type UpstreamReport = z.infer<typeof UpstreamReport>

/** What a partner is posted: everything that should be dropped now, never a change alone. */
export const WebhookBody = z.strictObject({
  version: z.literal(1),
  kind: z.enum(['wish', 'test']),
  installation: z.string(),
  sentAt: Instant,
  dropped: z.array(
    z.strictObject({ prefix: z.string(), since: Instant, until: Instant, reason: z.string() }),
  ),
})
export type WebhookBody = z.infer<typeof WebhookBody>
/** `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` by the secret. */
export const SIGNATURE_HEADER = 'maru-signature'
