import { Paper, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Mark } from '../app-shell/mark.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import classes from './session-card.module.css'

/** A page with one thing to do, before anybody is signed in. */
export function SessionCard({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  usePageTitle(title)
  return (
    <main className={classes.page}>
      <Mark size={36} />
      <Paper className={classes.card} withBorder>
        <Stack gap="md">
          <Title order={1}>{title}</Title>
          {children}
        </Stack>
      </Paper>
      <nav className={classes.links} aria-label="Without signing in">
        <a href="/trust">Trust</a>
        <a href="/docs">API reference</a>
      </nav>
    </main>
  )
}
