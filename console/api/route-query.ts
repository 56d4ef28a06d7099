import { queryOptions } from '@tanstack/react-query'
import type { LiveTopic } from '#contract/live.ts'
import type { Route } from '#contract/route.ts'
import type { RequestOf } from '#runtime/kit/route-request.ts'
import { keyOf } from '../live/topic-keys.ts'
import { call } from './api.ts'

/**
 * A query of a route, kept under the topic that says when to load it again:
 * `useQuery(routeQuery({ kind: 'apps' }, appRoutes.list, {}))`.
 */
export function routeQuery<T extends Route>(topic: LiveTopic, route: T, request: RequestOf<T>) {
  return queryOptions({
    queryKey: [...keyOf(topic), route.method, route.path, request],
    queryFn: ({ signal }) => call(route, { ...request, signal }),
  })
}
