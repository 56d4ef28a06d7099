import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useId } from 'react'

/** A part of a page with its heading, what belongs beside it, and one line that explains it. */
export function Section(props: {
  readonly title: string
  readonly about?: string
  readonly beside?: ReactNode
  readonly children: ReactNode
}) {
  const id = useId()
  return (
    <Stack component="section" gap="sm" aria-labelledby={id}>
      <Group justify="space-between" align="end" gap="xs">
        <div>
          <Title order={2} id={id}>
            {props.title}
          </Title>
          {props.about && (
            <Text size="sm" c="dimmed">
              {props.about}
            </Text>
          )}
        </div>
        {props.beside}
      </Group>
      {props.children}
    </Stack>
  )
}
