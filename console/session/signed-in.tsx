import { Outlet } from '@tanstack/react-router'
import { useEffect } from 'react'
import { armGate } from '../api/sign-in-gate.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { PageFrame } from '../app-shell/page-frame.tsx'
import { LiveProvider } from '../live/live-provider.tsx'
import { MeContext, useMeQuery } from './use-me.ts'

/** Every page behind the sign-in. */
export function SignedIn() {
  const { data: me, error, refetch } = useMeQuery()
  useEffect(() => {
    if (me !== undefined) armGate()
  }, [me])
  if (me === undefined) return error && <ErrorNotice error={error} onTryAgain={() => void refetch()} />
  return (
    <MeContext value={me}>
      <LiveProvider>
        <PageFrame>
          <Outlet />
        </PageFrame>
      </LiveProvider>
    </MeContext>
  )
}
