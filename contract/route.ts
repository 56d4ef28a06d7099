import { z } from 'zod'
import type { Action, Resource } from './access.ts'

/**
 * A route of the API, as data: the server registers it, the clients call it, OpenAPI and the access tests are
 * made from it. A handler cannot exist without a route, and a route cannot exist without its access.
 */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with `{name}` for parameters. */
  readonly path: string
  readonly summary: string
  readonly access: { readonly resource: Resource; readonly action: Action }
  readonly params: P
  readonly query: Q
  /** JSON body; `z.undefined()` where there is none. Ignored when `upload` is set. */
  readonly body: B
  readonly response: R
  readonly status: number
  /**
   * `json` (default); `events`: server-sent events, a failure midway is an event named `error` (ErrorBody); `lines`:
   * newline-delimited JSON (empty lines keep the connection), a failure midway is the last line (ErrorBody); `text`; `duplex`: HTTP upgrade
   * (`Upgrade: maru-stream`) to a byte stream.
   */
  readonly kind: 'json' | 'events' | 'lines' | 'text' | 'duplex'
  /** What a `text` answer is; plain text where it is left out. */
  readonly mediaType?: string
  /** The body is a stream of this media type, at most so many bytes. */
  readonly upload?: { readonly type: string; readonly maxBytes: number }
  /** Takes an `Idempotency-Key` header: the same key and body give the same answer for 24 h. */
  readonly idempotent?: boolean
  /**
   * What the audit log keeps of a request and its answer, beside who, when, on what, the query and the answer's `id`: fields of
   * the body, fields of which only the names in them are kept, fields of the answer. What is not named could be a secret.
   */
  readonly recorded?: {
    readonly body?: readonly string[]
    readonly names?: readonly string[]
    readonly answer?: readonly string[]
  }
  /** Why the audit log keeps nothing of it where root asks, although it changes something; of anybody else it does. */
  readonly unrecorded?: string
}

const None = z.undefined()
const Empty = z.strictObject({})

/** Declares a route; what is left out is empty, JSON, status 200. */
export function route<
  P extends z.ZodType = typeof Empty,
  Q extends z.ZodType = typeof Empty,
  B extends z.ZodType = typeof None,
  R extends z.ZodType = typeof None,
>(
  spec: Pick<Route, 'method' | 'path' | 'summary' | 'access'> &
    Partial<
      Pick<Route, 'status' | 'kind' | 'mediaType' | 'upload' | 'idempotent' | 'recorded' | 'unrecorded'>
    > & {
      params?: P
      query?: Q
      body?: B
      response?: R
    },
): Route<P, Q, B, R> {
  return {
    status: 200,
    kind: 'json',
    ...spec,
    params: spec.params ?? (Empty as unknown as P),
    query: spec.query ?? (Empty as unknown as Q),
    body: spec.body ?? (None as unknown as B),
    response: spec.response ?? (None as unknown as R),
  }
}

export type ParamsOf<T extends Route> = z.infer<T['params']>
export type QueryOf<T extends Route> = z.infer<T['query']>
export type BodyOf<T extends Route> = z.infer<T['body']>
export type ResponseOf<T extends Route> = z.infer<T['response']>
