import { Skeleton, Stack } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ErrorNotice } from './error-notice.tsx'

/**
 * What a query loaded. Before: a place for it; a failure is told above what was loaded earlier, which stays, greyed,
 * until the query works again.
 */
export function Loaded<T>(props: {
  readonly query: UseQueryResult<T>
  readonly children: (data: T) => ReactNode
  readonly placeholder?: ReactNode
}) {
  const { query } = props
  const notice = query.error && (
    <ErrorNotice error={query.error} onTryAgain={query.isFetching ? undefined : () => void query.refetch()} />
  )
  if (query.data === undefined) return notice ?? props.placeholder ?? <Placeholder />
  return (
    <Stack gap="md" data-connection={query.error ? 'lost' : undefined}>
      {notice}
      {props.children(query.data)}
    </Stack>
  )
}

function Placeholder() {
  return (
    <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={20} width="40%" />
      <Skeleton height={72} />
      <Skeleton height={72} />
    </Stack>
  )
}
