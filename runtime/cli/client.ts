import type { Duplex, Readable } from 'node:stream'
import type { z } from 'zod'
import type { ResponseOf, Route } from '#contract/route.ts'
import type { Endpoint } from './transport.ts'

/** A part of a request: left out where the route has none or every field may be left out. */
type Part<K extends string, S extends z.ZodType> =
  undefined extends z.input<S>
    ? { readonly [P in K]?: undefined }
    : Record<never, never> extends z.input<S>
      ? { readonly [P in K]?: z.input<S> }
      : { readonly [P in K]: z.input<S> }

/** What a route needs to be called; every part is checked with the route's own schema before anything is sent. */
export type RequestOf<T extends Route> = Part<'params', T['params']> &
  Part<'query', T['query']> &
  Part<'body', T['body']> & {
    /** Given where the caller tries again by itself; otherwise one is made for each call. */
    readonly idempotencyKey?: string
    readonly signal?: AbortSignal | undefined
  }

/** The API as functions. Failures are MaruErrors; no connection is `unreachable`. */
export interface Client {
  readonly endpoint: Endpoint
  /** One request and its answer. Reads and idempotent calls are tried again on a passing failure. */
  call<T extends Route>(route: T, request: RequestOf<T>): Promise<ResponseOf<T>>
  /** Events until `isLast`; a lost connection is resumed without a gap for up to a minute. */
  events<T extends Route>(
    route: T,
    request: RequestOf<T>,
    isLast: (event: ResponseOf<T>) => boolean,
  ): AsyncGenerator<ResponseOf<T>>
  /** Newline-delimited JSON until the server ends it. */
  lines<T extends Route>(route: T, request: RequestOf<T>): AsyncGenerator<ResponseOf<T>>
  upload<T extends Route>(route: T, request: RequestOf<T>, body: Readable): Promise<ResponseOf<T>>
  /** A byte stream in both directions. */
  duplex<T extends Route>(route: T, request: RequestOf<T>): Promise<Duplex>
  close(): void
}
