import { z } from 'zod'
import { DrillMeasure, DrillName, DrillResult } from './drill-result.ts'
import { ErrorBody } from './errors.ts'
import { DrillRunId, DrillStartId, Instant } from './ids.ts'
import { KNOWN_PROMISES } from './promises.ts'
import { route } from './route.ts'

/** A drill as it is known here: what it proves, and how. */
export const DrillAbout = z.strictObject({
  name: DrillName,
  promises: z.array(z.enum(KNOWN_PROMISES)),
  summary: z.string(),
  harmless: z.boolean().describe('It disturbs nobody'),
  needs: z
    .enum(['hosts', 'machine', 'pair'])
    .nullable()
    .describe(
      '`hosts`: it works on hosts and lines of a lab; `machine`: it enters networks of the host with the machine’s own programs; `pair`: it does something to members of the database, so both have to be on its host, or it runs outside of the hosts of a lab; null: it runs on one host',
    ),
  setUp: z.string(),
  fault: z.string(),
  measures: z.array(DrillMeasure.omit({ value: true })),
  expectedS: z.number().describe('About how long all of it takes'),
})
export type DrillAbout = z.infer<typeof DrillAbout>

/** A run that was recorded. */
export const DrillRun = DrillResult.pick({
  drill: true,
  startedAt: true,
  finishedAt: true,
  place: true,
  measures: true,
  passed: true,
  result: true,
}).extend({ id: DrillRunId })
export type DrillRun = z.infer<typeof DrillRun>

/**
 * `yes`: in a lab; in one of several hosts while the machine that carries it listens. `on-request`: it is harmless, and somebody has to say so. `no`: it breaks things, and this is no lab.
 * `elsewhere`: it does something to members of the database, and one is on another host: it runs outside of the hosts of a lab.
 * `outside`: not from within; it runs by the command line, on the host or on the machine that carries a lab of several hosts.
 */
export const DrillPermission = z.enum(['yes', 'on-request', 'no', 'elsewhere', 'outside', 'unknown'])
export type DrillPermission = z.infer<typeof DrillPermission>

/** `host`: the host itself, by its agent or its command line; `lab`: the machine that carries a lab of several hosts. */
export const DrillGround = z.enum(['host', 'lab'])
export type DrillGround = z.infer<typeof DrillGround>

export const DrillEntry = DrillAbout.extend({
  here: DrillPermission.describe('Whether it may run here; unknown while the host does not answer'),
  carriedOutBy: DrillGround.describe('Who carries it out where it may run'),
  last: DrillRun.nullable(),
  validUntil: Instant.nullable().describe('Until when its last run proves something'),
})
export type DrillEntry = z.infer<typeof DrillEntry>

/** A drill that was started from the platform itself, not on the host's command line. */
export const DrillStart = z.strictObject({
  id: DrillStartId,
  drill: DrillName,
  startedAt: Instant,
  startedBy: z.string(),
  finishedAt: Instant.nullable(),
})
export type DrillStart = z.infer<typeof DrillStart>

/** Longer than the machine that carries a lab needs to say so much at once. */
const MOST_EVENTS_AT_ONCE = 1000

/** What the agent knows about drills: whether the lab's marker is there, and the drill that it carries out now. */
export const HostDrills = z.strictObject({
  lab: z.boolean(),
  underWay: DrillStart.nullable(),
  /** The member of the database pair that is on another host; an agent of a version before does not say. */
  elsewhere: z.string().nullable().default(null),
})
export type HostDrills = z.infer<typeof HostDrills>

export const DrillList = z.strictObject({
  at: Instant,
  lab: z
    .boolean()
    .nullable()
    .describe('Whether nobody depends on this installation; null while the host does not answer'),
  underWay: DrillStart.nullable(),
  drills: z.array(DrillEntry),
})
export type DrillList = z.infer<typeof DrillList>

/** One event of a drill under way. The last one is `done` or `failed`. */
export const DrillEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step'), text: z.string() }),
  z.strictObject({ type: z.literal('show'), text: z.string() }).describe('What can be seen right now'),
  z.strictObject({ type: z.literal('log'), line: z.string() }),
  z.strictObject({ type: z.literal('done'), run: DrillRunId, passed: z.boolean(), text: z.string() }),
  z.strictObject({ type: z.literal('failed'), error: ErrorBody.shape.error }),
])
export type DrillEvent = z.infer<typeof DrillEvent>

/** Whether nothing more is told of a drill after this event. */
export const isLastDrillEvent = ({ type }: DrillEvent): boolean => type === 'done' || type === 'failed'

/** An event of a drill under way, numbered from 1. */
export const NumberedDrillEvent = z.strictObject({ number: z.number().int().min(1), event: DrillEvent })
export type NumberedDrillEvent = z.infer<typeof NumberedDrillEvent>

const OneDrill = z.strictObject({ drill: DrillName })
const OneRun = z.strictObject({ run: DrillRunId })
const read = { resource: 'platform', action: 'read' } as const
const manage = { resource: 'platform', action: 'manage' } as const

export const drillRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/drills',
    summary: 'Every drill: what it proves, whether it may run here, and its last run',
    access: read,
    response: DrillList,
  }),
  runs: route({
    method: 'GET',
    path: '/v1/drills/{drill}/runs',
    summary: 'The latest runs of a drill, newest first',
    access: read,
    params: OneDrill,
    response: z.strictObject({ runs: z.array(DrillRun) }),
  }),
  run: route({
    method: 'GET',
    path: '/v1/drills/runs/{run}',
    summary: 'One run of a drill with all that it handed in, its time line and its ledger too',
    access: read,
    params: OneRun,
    response: z.strictObject({ id: DrillRunId, result: DrillResult }),
  }),
  picture: route({
    method: 'GET',
    path: '/v1/drills/runs/{run}/time-line.svg',
    summary: 'The time line of a run as a picture',
    access: read,
    params: OneRun,
    query: z.strictObject({
      scheme: z.enum(['auto', 'light', 'dark']).default('auto').describe('auto: as the reader prefers'),
    }),
    response: z.string(),
    kind: 'text',
    mediaType: 'image/svg+xml',
  }),
  ledger: route({
    method: 'GET',
    path: '/v1/drills/runs/{run}/ledger.csv',
    summary:
      'What the writers or visitors of a run asked for, when, and how it ended, as comma-separated values',
    access: read,
    params: OneRun,
    response: z.string(),
    kind: 'text',
    mediaType: 'text/csv',
  }),
  start: route({
    method: 'POST',
    path: '/v1/drills/{drill}/starts',
    summary: 'Carry out a drill on the host, in a lab only; it goes on when the caller leaves',
    access: manage,
    params: OneDrill,
    response: DrillStart,
    status: 202,
  }),
  /** Server-sent events: `id:` is the event's number. `Last-Event-ID` or `after` resumes. */
  events: route({
    method: 'GET',
    path: '/v1/drills/starts/{start}/events',
    summary: 'What a started drill does, live, until it ends',
    access: read,
    params: z.strictObject({ start: DrillStartId }),
    query: z.strictObject({
      after: z.coerce.number().int().min(0).default(0).describe('Send events after this number'),
    }),
    response: DrillEvent,
    kind: 'events',
  }),
  /** Only root on the host may: whoever can ask the platform over the network can't tell it what a drill found. */
  record: route({
    method: 'POST',
    path: '/v1/drills/runs',
    summary: 'Keep the result of a drill, also as evidence (root on the host only); twice changes nothing',
    access: manage,
    recorded: { body: ['drill', 'passed'] },
    body: DrillResult,
    response: DrillRun,
    status: 201,
  }),
  /** Asked by the machine that carries the lab while it carries out none; asking says that it is there. */
  nextForLab: route({
    method: 'POST',
    path: '/v1/drills/lab/next',
    summary:
      'The drill that the machine which carries the lab has to carry out, as soon as one is asked for; null after three seconds (root on a host only)',
    access: manage,
    unrecorded: 'it asks every few seconds; what comes of it is recorded where somebody starts a drill',
    body: z.strictObject({ drills: z.array(DrillName).describe('What that machine can carry out') }),
    response: z.strictObject({
      start: DrillStart.nullable(),
      told: z.number().int().describe('So many events of it were told before: who was at it has gone'),
    }),
  }),
  tellFromLab: route({
    method: 'POST',
    path: '/v1/drills/lab/starts/{start}/events',
    summary:
      'What the machine that carries the lab has seen of a drill it carries out; twice changes nothing (root on a host only)',
    access: manage,
    unrecorded: 'it tells of an act that is recorded: the start, and the result that is handed in',
    params: z.strictObject({ start: DrillStartId }),
    body: z.strictObject({
      events: z
        .array(NumberedDrillEvent)
        .max(MOST_EVENTS_AT_ONCE)
        .describe('None only says that it is still at work'),
    }),
  }),
}
