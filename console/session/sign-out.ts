import { accountRoutes } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import { call } from '../api/api.ts'
import { disarmGate } from '../api/sign-in-gate.ts'

/** Ends the session and leaves the page, so that nothing of it stays in memory. */
export async function signOut(): Promise<void> {
  disarmGate()
  await call(accountRoutes.signOut, {}).catch((error: unknown) => {
    const isOver = error instanceof MaruError && error.code === 'unauthenticated'
    if (!isOver) throw error
  })
  location.assign('/sign-in')
}
