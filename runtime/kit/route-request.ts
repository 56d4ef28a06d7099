import type { z } from 'zod'
import { parseWith } from '#contract/errors.ts'
import type { Route } from '#contract/route.ts'

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

/** The parts of a request before they are checked. */
export interface RawRequest {
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
}

/** A checked request, ready to be sent. */
export interface WireRequest {
  readonly method: Route['method']
  readonly path: string
  readonly body: string | undefined
}

const pairsOf = (schema: z.ZodType, input: unknown): Array<[string, unknown]> =>
  Object.entries(parseWith(schema, input ?? {}) as object).filter(([, value]) => value !== undefined)

/** Checks a request with the route's schemas, so that a bad value fails before anything is sent, and renders it. */
export function renderRequest(route: Route, request: RawRequest): WireRequest {
  const params = new Map(pairsOf(route.params, request.params))
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params.get(name))))
  const query = pairsOf(route.query, request.query).map(([name, value]) => [name, String(value)])
  const search = query.length === 0 ? '' : `?${new URLSearchParams(query)}`
  const body = route.upload === undefined ? parseWith(route.body, request.body) : undefined
  return {
    method: route.method,
    path: path + search,
    body: body === undefined ? undefined : JSON.stringify(body),
  }
}
