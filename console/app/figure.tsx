import { Paper, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** A figure with its name, large enough to be read from a distance. */
export function Figure(props: {
  readonly name: string
  readonly value: string
  readonly children?: ReactNode
}) {
  return (
    <Paper withBorder p="md" bg="var(--maru-surface)">
      <Stack gap={6}>
        <Text size="sm" c="dimmed">
          {props.name}
        </Text>
        <Text fz={20} fw={650} data-live>
          {props.value}
        </Text>
        {props.children}
      </Stack>
    </Paper>
  )
}
