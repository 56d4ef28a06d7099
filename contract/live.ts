import { z } from 'zod'
import { AppName, Instant } from './ids.ts'
import { route } from './route.ts'

/** Seconds between two beats of a live stream; who hears nothing for three of them shows its data as old. */
export const LIVE_BEAT_S = 5

/** What a page can show that has changed; it loads that again through the ordinary routes. */
export const LiveTopic = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('apps') }).describe('The list of apps'),
  z
    .strictObject({ kind: z.literal('app'), app: AppName })
    .describe('One app: releases, instances, configuration'),
  z.strictObject({ kind: z.literal('metrics') }).describe('A new sample of the figures of every app'),
  z.strictObject({ kind: z.literal('platform') }).describe('The state of the platform'),
  z.strictObject({ kind: z.literal('hosts') }).describe('The hosts, or what runs on them'),
  z.strictObject({ kind: z.literal('network') }).describe('A rule of the network'),
  z
    .strictObject({ kind: z.literal('guard') })
    .describe('Who is kept out of the hosts, or what was noticed there'),
  z.strictObject({ kind: z.literal('upstream') }).describe('Providers, or what they drop'),
  z.strictObject({ kind: z.literal('incidents') }).describe('What attackers did'),
  z.strictObject({ kind: z.literal('audit') }).describe('Who did what'),
  z.strictObject({ kind: z.literal('trust') }).describe('A promise or its evidence'),
])
export type LiveTopic = z.infer<typeof LiveTopic>

/**
 * One event of the live stream. It begins with `hello`, after which everything that a page shows must be loaded again:
 * what changed while nobody listened is not repeated. `at` is the server's clock; the browser's may be wrong.
 */
export const LiveEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), at: Instant, version: z.string() }),
  z.strictObject({ type: z.literal('beat'), at: Instant }),
  z.strictObject({ type: z.literal('changed'), at: Instant, topics: z.array(LiveTopic) }),
])
export type LiveEvent = z.infer<typeof LiveEvent>

export const liveRoutes = {
  stream: route({
    method: 'GET',
    path: '/v1/live',
    summary: 'What changes in the apps of your teams, as it happens',
    access: { resource: 'self', action: 'read' },
    response: LiveEvent,
    kind: 'events',
  }),
}
