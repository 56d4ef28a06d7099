import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { accountRoutes, type Me } from '#contract/accounts.ts'
import { call } from '../api/api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { refusedField } from '../app-shell/refused-field.ts'

/** E-mail address and password. `email` is filled in where it is known who was signed in. */
export function SignInForm(props: { readonly email?: string; readonly onDone: (me: Me) => void }) {
  const [email, setEmail] = useState(props.email ?? '')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => call(accountRoutes.signIn, { body: { email, password } }),
    onSuccess: props.onDone,
  })
  const refused = refusedField(signIn.error)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        signIn.mutate()
      }}
    >
      <Stack gap="md">
        {signIn.error && <ErrorNotice error={signIn.error} />}
        <TextInput
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={refused === 'email'}
          data-autofocus={props.email === undefined || undefined}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={refused === 'password'}
          data-autofocus={props.email !== undefined || undefined}
        />
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}
