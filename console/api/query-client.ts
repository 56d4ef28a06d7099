import { QueryClient } from '@tanstack/react-query'

const TRY_AGAIN_MS = 3000

/**
 * What was loaded counts as fresh until the live stream says otherwise; a failed load is tried again by itself. The
 * client has its own patience, so nothing is retried twice, and `navigator.onLine` isn't asked: it knows of no localhost.
 */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: false,
        networkMode: 'always',
        staleTime: Number.POSITIVE_INFINITY,
        refetchInterval: ({ state }) => (state.status === 'error' ? TRY_AGAIN_MS : false),
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}
