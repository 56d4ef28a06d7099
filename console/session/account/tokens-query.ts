import { queryOptions } from '@tanstack/react-query'
import { accountRoutes } from '#contract/accounts.ts'
import { call } from '../../api/api.ts'

/** The person's tokens. No live topic tells of them: they change on this page. */
export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => call(accountRoutes.tokens, { signal }),
  staleTime: 0,
})
