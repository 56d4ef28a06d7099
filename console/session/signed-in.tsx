import { Outlet, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { MaruError } from '#contract/errors.ts'
import { armGate } from '../api/sign-in-gate.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { PageFrame } from '../app-shell/page-frame.tsx'
import { LiveProvider } from '../live/live-provider.tsx'
import { SessionCard } from './session-card.tsx'
import { SignInDialog } from './sign-in-dialog.tsx'
import { MeContext, useMeQuery } from './use-me.ts'

const isSignedOut = (error: unknown) => error instanceof MaruError && error.code === 'unauthenticated'

/** Every page behind the sign-in. */
export function SignedIn() {
  const { data: me, error, refetch } = useMeQuery()
  useEffect(() => {
    if (me !== undefined) armGate()
  }, [me])
  if (me !== undefined)
    return (
      <MeContext value={me}>
        <LiveProvider>
          <PageFrame>
            <Outlet />
          </PageFrame>
          <SignInDialog me={me} />
        </LiveProvider>
      </MeContext>
    )
  if (isSignedOut(error)) return <ToSignIn />
  if (error === null) return null
  return (
    <SessionCard title="Maru does not answer">
      <ErrorNotice error={error} onTryAgain={() => void refetch()} />
    </SessionCard>
  )
}

/** Leads to the sign-in page, which leads back. The address is read once: while the router changes it, this is still here. */
function ToSignIn() {
  const router = useRouter()
  useEffect(() => {
    const next = router.latestLocation.href
    void router.navigate({ to: '/sign-in', search: next === '/' ? {} : { next }, replace: true })
  }, [router])
  return null
}
