import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Evidence, trustRoutes } from '#contract/trust.ts'
import { lines } from '../api/api.ts'
import { keyOf } from '../live/topic-keys.ts'

/** Runs every check of the platform; `seen` grows by each as it ends. */
export function useVerify() {
  const queries = useQueryClient()
  const [seen, setSeen] = useState<readonly Evidence[]>([])
  const verify = useMutation({
    mutationFn: async () => {
      setSeen([])
      for await (const evidence of lines(trustRoutes.verify, {})) setSeen((before) => [...before, evidence])
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'trust' }) }),
  })
  return { verify, seen }
}
