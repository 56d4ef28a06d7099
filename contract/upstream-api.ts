import { z } from 'zod'
import { route } from './route.ts'
import {
  announceReason,
  BlackHole,
  FlowText,
  MeasuredRate,
  UPSTREAM_LIMITS,
  Upstream,
  UpstreamAddress,
  UpstreamName,
  UpstreamRequest,
  UpstreamState,
} from './upstream.ts'

const operators = (action: 'read' | 'manage') => ({ resource: 'platform', action }) as const
const ByName = z.strictObject({ upstream: UpstreamName })

export const upstreamRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/network/upstreams',
    summary: 'Providers that drop traffic before it arrives, and what they drop now',
    access: operators('read'),
    response: z.strictObject({
      upstreams: z.array(Upstream),
      dropped: z.array(BlackHole),
      measured: z.array(MeasuredRate).describe('What comes to the addresses that have a limit'),
      own: z.array(UpstreamAddress).describe('Every address that may be announced'),
    }),
  }),
  add: route({
    method: 'POST',
    path: '/v1/network/upstreams',
    summary: 'Set up a provider, by BGP, or a partner, by a webhook',
    access: operators('manage'),
    recorded: { body: ['name', 'settings', 'hosts', 'automatic'] },
    body: UpstreamRequest,
    response: Upstream,
    status: 201,
  }),
  remove: route({
    method: 'DELETE',
    path: '/v1/network/upstreams/{upstream}',
    summary: 'Forget a provider; what it drops for us, it is no longer asked to',
    access: operators('manage'),
    params: ByName,
    response: ByName,
  }),
  test: route({
    method: 'POST',
    path: '/v1/network/upstreams/{upstream}/test',
    summary: 'Try a provider: whether its sessions stand, or whether it acknowledges a signed message',
    access: operators('manage'),
    params: ByName,
    response: z.strictObject({ upstream: UpstreamName, ok: z.boolean(), states: z.array(UpstreamState) }),
  }),
  announce: route({
    method: 'POST',
    path: '/v1/network/black-holes',
    summary: 'Have providers drop everything to an address of the installation, or a part of it, until then',
    access: operators('manage'),
    recorded: { body: ['address', 'minutes', 'reason', 'upstream', 'only', 'evenLast'] },
    body: z.strictObject({
      address: UpstreamAddress.describe('Of a host, or one that the hosts of a data centre share'),
      minutes: z.number().int().min(1).max(UPSTREAM_LIMITS.announceMinutes),
      reason: announceReason,
      upstream: UpstreamName.optional().describe('Only to this one'),
      only: FlowText.optional(),
      evenLast: z.boolean().default(false).describe('Also the last address that serves the apps'),
    }),
    response: z.strictObject({ dropped: BlackHole, warning: z.string().describe('What it means') }),
    status: 201,
  }),
  withdraw: route({
    method: 'DELETE',
    path: '/v1/network/black-holes/{address}',
    summary: 'Have providers let an address through again',
    access: operators('manage'),
    params: z.strictObject({ address: UpstreamAddress }),
    response: z.strictObject({ address: UpstreamAddress }),
  }),
}
