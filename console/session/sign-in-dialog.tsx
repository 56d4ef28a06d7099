import { Anchor, Modal, Stack, Text } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import type { Me } from '#contract/accounts.ts'
import { isGateClosed, openGate, subscribeGate } from '../api/sign-in-gate.ts'
import { SignInForm } from './sign-in-form.tsx'

/** Asks for the password when the session is over. The page below stays, with everything that was typed. */
export function SignInDialog({ me }: { readonly me: Me }) {
  const isClosed = useSyncExternalStore(subscribeGate, isGateClosed)
  const goOn = (next: Me) => {
    // Another person sees another console: nothing of this page is theirs.
    if (next.id === me.id) openGate()
    else location.assign('/')
  }
  return (
    <Modal
      opened={isClosed}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Sign in again"
    >
      <Stack gap="md">
        <Text size="sm">Your session is over. Nothing on the page is lost; it goes on where you were.</Text>
        <SignInForm email={me.email ?? ''} onDone={goOn} />
        <Anchor href="/sign-in" size="sm">
          Leave this page
        </Anchor>
      </Stack>
    </Modal>
  )
}
