import { useMutation, useQueryClient } from '@tanstack/react-query'
import { keyOf } from '../live/topic-keys.ts'

/** A change of who may speak to the hosts; what is shown of that is loaded again. */
export function useGuardChange<V, R>(change: (input: V) => Promise<R>, onDone?: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      onDone?.()
      return queries.invalidateQueries({ queryKey: keyOf({ kind: 'guard' }) })
    },
  })
}
