import type { Duplex, Readable } from 'node:stream'
import type { ResponseOf, Route } from '#contract/route.ts'
import type { RequestOf } from '#runtime/kit/route-request.ts'
import type { Endpoint } from './transport.ts'

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
