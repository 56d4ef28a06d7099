import { Anchor, Stack, Text, Title } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { ErrorNotice } from './error-notice.tsx'

/** An address that leads nowhere. */
export function UnknownPage() {
  return (
    <Stack p="xl" gap="xs">
      <Title order={1}>There is nothing at this address</Title>
      <Text>
        Go back to{' '}
        <Anchor component={Link} to="/">
          your apps
        </Anchor>
        .
      </Text>
    </Stack>
  )
}

/** A page that could not be shown: after an upgrade, its files have new names, and a reload finds them. */
export function BrokenPage({ error }: ErrorComponentProps) {
  return (
    <Stack p="xl">
      <ErrorNotice error={error} onTryAgain={() => location.reload()} />
    </Stack>
  )
}
