import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { type ChangeEvent, useState } from 'react'
import { accountRoutes } from '#contract/accounts.ts'
import { ERRORS, MaruError } from '#contract/errors.ts'
import { call } from '../api/api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import { SessionCard } from './session-card.tsx'
import { ME } from './use-me.ts'

/** Taking the one-time link: the first operator's account, and straight in. */
export function SetupPage() {
  // `#TOKEN.FINGERPRINT`; the fingerprint is for the command line, which has to trust the certificate first.
  const token = useLocation({ select: ({ hash }) => hash.split('.')[0] ?? '' })
  return (
    <SessionCard title="Welcome to Maru">
      {token === '' ? (
        <ErrorNotice error={new MaruError('accounts.setup_invalid')} />
      ) : (
        <SetupForm token={token} />
      )}
    </SessionCard>
  )
}

function SetupForm({ token }: { readonly token: string }) {
  const [person, setPerson] = useState({ name: '', email: '', password: '' })
  const queries = useQueryClient()
  const navigate = useNavigate()
  const setUp = useMutation({
    mutationFn: () => call(accountRoutes.signInBySetup, { body: { token, ...person } }),
    onSuccess: (me) => {
      queries.setQueryData(ME, me)
      return navigate({ to: '/', replace: true })
    },
  })
  const refused = refusedField(setUp.error)
  const field = (name: keyof typeof person) => ({
    name,
    value: person[name],
    error: refused === name,
    onChange: (event: ChangeEvent<HTMLInputElement>) =>
      setPerson({ ...person, [name]: event.currentTarget.value }),
  })
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setUp.mutate()
      }}
    >
      <Stack gap="md">
        <Text size="sm">Your account comes first. It looks after this installation.</Text>
        {setUp.error && <ErrorNotice error={setUp.error} />}
        <TextInput label="Your name" autoComplete="name" {...field('name')} />
        <TextInput label="E-mail" type="email" autoComplete="username" {...field('email')} />
        <PasswordInput
          label="Password"
          description={ERRORS['accounts.password_weak'].hint}
          autoComplete="new-password"
          {...field('password')}
        />
        <Button type="submit" loading={setUp.isPending}>
          Begin
        </Button>
      </Stack>
    </form>
  )
}
