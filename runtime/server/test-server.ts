import type { FastifyInstance } from 'fastify'
import type { Principal } from '#contract/access.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { AuditLog } from './audit.ts'
import { type AccessLookups, ANONYMOUS } from './authorize.ts'
import type { ServerDeps } from './handler.ts'
import type { Idempotency } from './idempotency.ts'
import { type ListenerOptions, makeListener } from './listener.ts'
import type { HandlersOf, RouteFrame, RouteTable } from './routes.ts'
import { silent } from './test-database.ts'

/** Header by which a test says who asks. */
export const WHO = 'x-test-who'

const withoutKeys: Idempotency = {
  once: async (_request, work) => ({ ...(await work()), replayed: false }),
  sweep: async () => undefined,
}

const withoutAudit: AuditLog = {
  begin: async () => 0,
  end: async () => undefined,
  whole: async () => undefined,
}

export interface TestServerOptions {
  readonly people?: Readonly<Record<string, Principal>>
  readonly lookups?: Partial<AccessLookups>
  readonly idempotency?: Idempotency
  readonly audit?: AuditLog
  readonly deps?: Partial<ServerDeps>
  readonly stopping?: AbortSignal
  readonly origin?: string
  readonly log?: Log
  readonly console?: ListenerOptions['console']
}

/** The real HTTP frame over any routes and handlers; who asks is named by a header instead of a token. */
export function makeTestServer<A extends RouteTable>(
  routes: A,
  handlers: HandlersOf<A>,
  {
    people = {},
    lookups = {},
    idempotency = withoutKeys,
    audit = withoutAudit,
    deps = {},
    stopping,
    origin = 'https://maru.localhost',
    log = silent,
    console,
  }: TestServerOptions = {},
  identify: RouteFrame['identify'] = async (request) =>
    people[String(request.headers[WHO] ?? '')] ?? ANONYMOUS,
): FastifyInstance {
  const frame = {
    deps: { log, now: () => new Date(), ...deps } as ServerDeps,
    lookups: {
      principalOf: async () => undefined,
      principalOfSession: async () => undefined,
      teamOfApp: async () => undefined,
      teamOfOperation: async () => undefined,
      ...lookups,
    },
    idempotency,
    audit,
    origin,
    stopping: stopping ?? new AbortController().signal,
    identify,
    recognise: identify,
  }
  return makeListener(routes, handlers, frame, { log, ...(console ? { console } : {}) })
}
