import { z } from 'zod'
import { ErrorBody } from './errors.ts'
import { AppName, Instant, OperationId } from './ids.ts'
import { route } from './route.ts'

export const OperationKind = z.enum([
  'deploy',
  'rollback',
  'config',
  'scale',
  'restart',
  'destroy',
  'db-rotate',
  'stack',
  'stack-roll',
])
export type OperationKind = z.infer<typeof OperationKind>

export const OperationState = z.enum(['queued', 'running', 'done', 'failed'])
export type OperationState = z.infer<typeof OperationState>

/** Long work. It goes on when the caller leaves; its events can be read again from any point. */
export const Operation = z.strictObject({
  id: OperationId,
  kind: OperationKind,
  app: AppName.nullable().describe('The app; null where it is about the platform'),
  state: OperationState,
  plan: z.string().describe('What will be done, in words, one step a line'),
  createdAt: Instant,
  finishedAt: Instant.nullable(),
  createdBy: z.string().describe('Who asked for it'),
  release: z.number().int().nullable().describe('Release number that it made, if any'),
  error: ErrorBody.shape.error.nullable(),
  cancellable: z.boolean().describe('Whether it can be cancelled now'),
  cancelledBy: z.string().nullable().describe('Who asked to cancel it, if anybody: it is being taken back'),
})
export type Operation = z.infer<typeof Operation>

/** One event of an operation, numbered from 1 without gaps. The last one is `done` or `failed`. */
export const OperationEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('step'),
    step: z.string(),
    text: z.string().describe('What is being done now'),
  }),
  z.strictObject({
    type: z.literal('log'),
    source: z.enum(['build', 'release', 'app', 'roll']),
    line: z.string(),
  }),
  z.strictObject({
    type: z.literal('done'),
    text: z.string(),
    url: z.string().nullable(),
    release: z.number().int().nullable(),
  }),
  z.strictObject({ type: z.literal('failed'), error: ErrorBody.shape.error }),
])
export type OperationEvent = z.infer<typeof OperationEvent>

/** Whether an operation's events end with this one. */
export const isLastEvent = ({ type }: OperationEvent): boolean => type === 'done' || type === 'failed'

const Params = z.strictObject({ operation: OperationId })

export const operationRoutes = {
  get: route({
    method: 'GET',
    path: '/v1/operations/{operation}',
    summary: 'An operation and its state',
    access: { resource: 'operation', action: 'read' },
    params: Params,
    response: Operation,
  }),
  /** Everything that it did is taken back; it has ended when its last event says so. Cancelling twice changes nothing. */
  cancel: route({
    method: 'POST',
    path: '/v1/operations/{operation}/cancel',
    summary: 'Cancel an operation before what it brings serves',
    access: { resource: 'operation', action: 'deploy' },
    params: Params,
    response: Operation,
  }),
  /** Server-sent events: `id:` is the event's number, `data:` an OperationEvent. `Last-Event-ID` or `after` resumes. */
  events: route({
    method: 'GET',
    path: '/v1/operations/{operation}/events',
    summary: 'The events of an operation, live, until it ends',
    access: { resource: 'operation', action: 'read' },
    params: Params,
    query: z.strictObject({
      after: z.coerce
        .number()
        .int()
        .min(0)
        .max(2_147_483_647)
        .default(0)
        .describe('Send events after this number'),
    }),
    response: OperationEvent,
    kind: 'events',
  }),
}
