import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { LiveTopic } from '#contract/live.ts'
import { keyOf } from '../live/topic-keys.ts'

/** A change of what a topic is about; what is shown of that is loaded again. */
function useTopicChange<V, R>(topic: LiveTopic, change: (input: V) => Promise<R>, onDone?: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      onDone?.()
      return queries.invalidateQueries({ queryKey: keyOf(topic) })
    },
  })
}

/** A change of who may speak to the hosts. */
export const useGuardChange = <V, R>(change: (input: V) => Promise<R>, onDone?: () => void) =>
  useTopicChange({ kind: 'guard' }, change, onDone)

/** A change of providers or of what they drop. */
export const useUpstreamChange = <V, R>(change: (input: V) => Promise<R>, onDone?: () => void) =>
  useTopicChange({ kind: 'upstream' }, change, onDone)
