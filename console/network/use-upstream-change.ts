import { useMutation, useQueryClient } from '@tanstack/react-query'
import { keyOf } from '../live/topic-keys.ts'

/** A change of providers or of what they drop; what is shown of that is loaded again. */
export function useUpstreamChange<V, R>(change: (input: V) => Promise<R>, onDone?: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      onDone?.()
      return queries.invalidateQueries({ queryKey: keyOf({ kind: 'upstream' }) })
    },
  })
}
