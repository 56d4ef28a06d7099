import { Button, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ACCOUNT_LIMITS, accountRoutes, type NewToken } from '#contract/accounts.ts'
import { call } from '../../api/api.ts'
import { CommandLine } from '../../app-shell/command-line.tsx'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { refusedField } from '../../app-shell/refused-field.ts'
import { tokensQuery } from './tokens-query.ts'

/** Makes a token and shows its secret, once. */
export function NewTokenForm() {
  const [name, setName] = useState('')
  const [days, setDays] = useState<number | string>(ACCOUNT_LIMITS.tokenDays)
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: () => call(accountRoutes.createToken, { body: { name, days: Number(days) } }),
    onSuccess: () => {
      setName('')
      return queries.invalidateQueries(tokensQuery)
    },
  })
  const refused = refusedField(make.error)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <Stack gap="sm">
        {make.error && <ErrorNotice error={make.error} />}
        {make.data && <Secret made={make.data} />}
        <Group align="flex-end" gap="sm">
          <TextInput
            label="What it is for"
            flex="1 1 200px"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={refused === 'name'}
          />
          <NumberInput
            label="Days until it expires"
            w={160}
            min={1}
            max={365}
            value={days}
            onChange={setDays}
            error={refused === 'days'}
          />
          <Button type="submit" loading={make.isPending}>
            Make
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Secret({ made }: { readonly made: NewToken }) {
  return (
    <Stack gap={4} role="status">
      <Text size="sm">
        The token “<bdi>{made.token.name}</bdi>”. It is shown this once; Maru keeps no copy.
      </Text>
      <CommandLine command={made.secret} label="Copy the token" />
    </Stack>
  )
}
