import { z } from 'zod'
import {
  AskedSource,
  BlockRequest,
  Engagement,
  EngagementId,
  EngagementRequest,
  EventKind,
  HostEvent,
  NetworkAddress,
  NetworkBlock,
  NetworkTraffic,
  Partner,
} from './guard.ts'
import { HostName } from './ids.ts'
import { MetricsRange } from './metrics.ts'
import { route } from './route.ts'

const operators = (action: 'read' | 'manage') => ({ resource: 'platform', action }) as const
const BySource = z.strictObject({ source: NetworkAddress })

export const guardRoutes = {
  blocks: route({
    method: 'GET',
    path: '/v1/network/blocks',
    summary: 'Who is kept out, by which host and why',
    access: operators('read'),
    response: z.strictObject({
      blocks: z.array(NetworkBlock),
      problems: z
        .array(z.strictObject({ host: HostName, problem: z.string() }))
        .describe('Hosts whose guard does not work as it should'),
    }),
  }),
  block: route({
    method: 'POST',
    path: '/v1/network/blocks',
    summary: 'Block a source on every host, open connections included',
    access: operators('manage'),
    recorded: { body: ['source', 'minutes', 'reason'] },
    body: BlockRequest,
    response: NetworkBlock,
    status: 201,
  }),
  lift: route({
    method: 'POST',
    path: '/v1/network/blocks/lift',
    summary: 'Let a source in again, on every host',
    access: operators('manage'),
    recorded: { body: ['source'] },
    body: BySource,
    response: BySource,
  }),
  events: route({
    method: 'GET',
    path: '/v1/network/events',
    summary: 'What was noticed at the hosts, the newest first',
    access: operators('read'),
    query: z.strictObject({
      host: HostName.optional(),
      kind: EventKind.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    response: z.strictObject({ events: z.array(HostEvent) }),
  }),
  traffic: route({
    method: 'GET',
    path: '/v1/network/traffic',
    summary: 'Packets that were judged and refused, and events, over time',
    access: operators('read'),
    query: z.strictObject({
      range: MetricsRange.default('1h'),
      host: HostName.optional().describe('Of this host only (default: of all together)'),
    }),
    response: NetworkTraffic,
  }),
  partners: route({
    method: 'GET',
    path: '/v1/network/partners',
    summary: 'Who is never judged',
    access: operators('read'),
    response: z.strictObject({ partners: z.array(Partner) }),
  }),
  addPartner: route({
    method: 'POST',
    path: '/v1/network/partners',
    summary: 'Never judge a source, on any host',
    access: operators('manage'),
    recorded: { body: ['source', 'reason'] },
    body: Partner.pick({ reason: true }).extend({ source: AskedSource }),
    response: Partner,
    status: 201,
  }),
  removePartner: route({
    method: 'POST',
    path: '/v1/network/partners/remove',
    summary: 'Judge a source like any other again',
    access: operators('manage'),
    recorded: { body: ['source'] },
    body: BySource,
    response: BySource,
  }),
  engagements: route({
    method: 'GET',
    path: '/v1/network/engagements',
    summary: 'Penetration tests that were agreed on',
    access: operators('read'),
    response: z.strictObject({ engagements: z.array(Engagement) }),
  }),
  addEngagement: route({
    method: 'POST',
    path: '/v1/network/engagements',
    summary: 'Agree on a penetration test: within its time it is recorded and not held back',
    access: operators('manage'),
    recorded: { body: ['source', 'reference', 'from', 'until', 'hosts'] },
    body: EngagementRequest,
    response: Engagement,
    status: 201,
  }),
  endEngagement: route({
    method: 'POST',
    path: '/v1/network/engagements/{engagement}/end',
    summary: 'End a penetration test before its time',
    access: operators('manage'),
    params: z.strictObject({ engagement: EngagementId }),
    response: Engagement,
  }),
}
