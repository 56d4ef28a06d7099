import { Paper, Stack, Text, Title } from '@mantine/core'
import { CommandLine } from '../app-shell/command-line.tsx'

/** What to do when there is no app yet. */
export function FirstApp() {
  return (
    <Paper withBorder p="xl" bg="var(--maru-surface)">
      <Stack gap="md" maw={560}>
        <Title order={1}>Deploy your first app</Title>
        <Text>
          In a folder with a Node program, a Dockerfile or an index.html. Maru builds it, gives it a database
          and an HTTPS address; it appears here by itself.
        </Text>
        <CommandLine command="maru deploy" />
        <Text c="dimmed" size="sm">
          From another machine, sign in there first:
        </Text>
        <CommandLine command={`maru login ${location.origin}`} />
      </Stack>
    </Paper>
  )
}
