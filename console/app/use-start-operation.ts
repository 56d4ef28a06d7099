import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { Operation } from '#contract/operations.ts'

/** Starts long work and leads to the page where it can be watched. A refusal stays where one is, in `error`. */
export function useStartOperation<V = void>(app: string, start: (input: V) => Promise<Operation | null>) {
  const navigate = useNavigate()
  return useMutation({
    mutationFn: start,
    onSuccess: async (operation) => {
      if (operation === null) return
      await navigate({ to: '/apps/$app/operations/$operation', params: { app, operation: operation.id } })
    },
  })
}
