import type { Duplex, Readable } from 'node:stream'
import type { Kysely } from 'kysely'
import type { Principal } from '#contract/access.ts'
import type { ControlConfig } from '#contract/installation.ts'
import type { BodyOf, ParamsOf, QueryOf, ResponseOf, Route } from '#contract/route.ts'
import type { Agents } from '#runtime/drivers/agent-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { BrowserSession } from './browser-session.ts'
import type { KeyedRequest } from './idempotency.ts'
import type { Jobs } from './jobs.ts'
import type { Hub } from './notify.ts'
import type { SecretBox } from './secret-box.ts'

/** What every capability of the control plane gets. A capability narrows `db` with `db.withTables<ItsTables>()`. */
export interface ServerDeps {
  readonly config: ControlConfig
  // biome-ignore lint/complexity/noBannedTypes: no tables are visible until a store names its own
  readonly db: Kysely<{}>
  readonly log: Log
  readonly jobs: Jobs
  readonly agents: Agents
  /** Notifications after commits; `notify(tx, channel, payload)` sends them. */
  readonly hub: Hub
  /** Opens another database of the same server, as the control plane's role. The caller destroys it. */
  // biome-ignore lint/complexity/noBannedTypes: no tables are visible until a store names its own
  readonly openDatabase: (name: string) => Kysely<{}>
  readonly secrets: SecretBox
  readonly now: () => Date
}

/** One parsed and authorized call of a route. */
export interface Call<T extends Route> {
  readonly params: ParamsOf<T>
  readonly query: QueryOf<T>
  readonly body: BodyOf<T>
  readonly principal: Principal
  /** For streams: who the caller is by now. Throws when the token or session has ended or no longer allows the call. */
  readonly recheck: () => Promise<Principal>
  /** The request under its `Idempotency-Key`, where it has one; `keyHash` makes one text of it. */
  readonly keyed: KeyedRequest | undefined
  readonly requestId: string
  /** Address that the request came from; `local` for the host's own socket. */
  readonly source: string
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
  /** The session of a browser, and how the answer changes it. */
  readonly session: BrowserSession
  /** Only where the route has `upload`. */
  readonly upload: Readable
}

/** An event of a stream: `id`, where there is one, is sent as the SSE id so that a client can resume after it. */
export interface StreamEvent<E> {
  readonly id?: number
  readonly data: E
}

/**
 * What a handler gives back, by the route's kind: the response (json, text), an async iterable of numbered
 * events (events) or of lines (lines), or a byte stream that the server joins to the caller's (duplex).
 */
export type Answer<T extends Route> = T['kind'] extends 'json' | 'text'
  ? ResponseOf<T>
  : ResponseOf<T> | AsyncIterable<StreamEvent<ResponseOf<T>>> | AsyncIterable<ResponseOf<T>> | Duplex

export type Handler<T extends Route> = (call: Call<T>, deps: ServerDeps) => Promise<Answer<T>>

/** A handler for each route of a capability: the type makes a forgotten one a compile error. */
export type Handlers<R extends Record<string, Route>> = { readonly [K in keyof R]: Handler<R[K]> }
