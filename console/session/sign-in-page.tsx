import { Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { SessionCard } from './session-card.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { ME } from './use-me.ts'

/** Signing in, and on to where one wanted to go. */
export function SignInPage() {
  const { next } = useSearch({ from: '/sign-in' })
  const queries = useQueryClient()
  const { history } = useRouter()
  return (
    <SessionCard title="Sign in">
      <SignInForm
        onDone={(me) => {
          queries.setQueryData(ME, me)
          history.replace(next ?? '/')
        }}
      />
      <Text size="sm" c="dimmed">
        No account yet, or the password is lost? An operator makes a link with <code>maru setup-link</code>.
      </Text>
    </SessionCard>
  )
}
