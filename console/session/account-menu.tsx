import {
  ActionIcon,
  Anchor,
  Button,
  Divider,
  Popover,
  SegmentedControl,
  Stack,
  Text,
  useMantineColorScheme,
} from '@mantine/core'
import { ExitIcon, PersonIcon } from '@radix-ui/react-icons'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Me } from '#contract/accounts.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { signOut } from './sign-out.ts'

const SCHEMES = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'Auto' },
] as const

/** Who is signed in, what is theirs, and the way out. */
export function AccountMenu({ me }: { readonly me: Me }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={260} trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          variant="default"
          size="lg"
          radius="xl"
          aria-label="Your account"
          onClick={() => setOpen(!isOpen)}
        >
          <PersonIcon aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="Your account">
        <AccountPanel me={me} onLeave={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  )
}

function AccountPanel({ me, onLeave }: { readonly me: Me; readonly onLeave: () => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const leaving = useMutation({ mutationFn: signOut })
  return (
    <Stack gap="sm">
      <div>
        <Text fw={600} truncate>
          <bdi>{me.name}</bdi>
        </Text>
        <Text size="sm" c="dimmed" truncate>
          {me.email}
        </Text>
      </div>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label="Colours"
        data={[...SCHEMES]}
        value={colorScheme}
        onChange={setColorScheme}
      />
      <Divider />
      <Anchor component={Link} to="/account" size="sm" onClick={onLeave}>
        Account and tokens
      </Anchor>
      <Anchor href="/docs" size="sm">
        API reference
      </Anchor>
      <Divider />
      {leaving.error && <ErrorNotice error={leaving.error} />}
      <Button
        variant="default"
        size="xs"
        leftSection={<ExitIcon aria-hidden />}
        loading={leaving.isPending}
        onClick={() => leaving.mutate()}
      >
        Sign out
      </Button>
    </Stack>
  )
}
