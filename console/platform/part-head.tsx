import { Anchor, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** Head of a page about one part of the platform: the way back, what it is called, and what it is about. */
export function PartHead({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <Anchor component={Link} to="/platform" size="sm">
        Platform
      </Anchor>
      <Title order={1}>{title}</Title>
      <Text size="sm" c="dimmed" maw={640}>
        {children}
      </Text>
    </div>
  )
}
