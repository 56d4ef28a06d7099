import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { accountRoutes, type Me } from '#contract/accounts.ts'
import { call } from '../api/api.ts'

/** Under which key it is kept who is signed in. */
export const ME = ['me'] as const

/** The query of who is signed in. A refusal is an answer: nothing is tried again. */
export const useMeQuery = () =>
  useQuery({
    queryKey: ME,
    queryFn: ({ signal }) => call(accountRoutes.me, { signal }),
    refetchInterval: false,
  })

/** Who is signed in, for every page behind the sign-in. */
export const MeContext = createContext<Me | null>(null)

/** Who is signed in. */
export function useMe(): Me {
  const me = useContext(MeContext)
  if (me === null) throw new Error('useMe is for pages behind the sign-in')
  return me
}
