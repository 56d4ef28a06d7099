import { Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import classes from '../app/app-tabs.module.css'
import { moveAmongLinks } from '../app-shell/move-among-links.ts'
import { usePageTitle } from '../app-shell/page-title.ts'
import { useTabInSight } from '../app-shell/use-tab-in-sight.ts'
import { PartHead } from '../platform/part-head.tsx'

const PAGES = [
  { to: '/platform/network', name: 'Map' },
  { to: '/platform/network/rules', name: 'Rules' },
  { to: '/platform/network/traffic', name: 'Traffic and events' },
  { to: '/platform/network/incidents', name: 'Incidents' },
  { to: '/platform/network/blocks', name: 'Blocks' },
  { to: '/platform/network/upstream', name: 'Upstream' },
] as const

/** Around every page about the network. */
export function NetworkPageFrame({
  title,
  isSentence = false,
  children,
}: {
  readonly title: string
  /** The title says all by itself. */
  readonly isSentence?: boolean
  readonly children: ReactNode
}) {
  const tabs = useTabInSight()
  usePageTitle(isSentence ? title : `${title} of the network`)
  return (
    <Stack gap="lg">
      <PartHead title="Network">
        What no rule allows is refused, in and out, on every host. A rule that is taken back ends its
        connections at once.
      </PartHead>
      <nav
        ref={tabs}
        aria-label="Pages about the network"
        className={classes.tabs}
        onKeyDown={moveAmongLinks}
      >
        {PAGES.map(({ to, name }, index) => (
          <Link key={to} to={to} activeOptions={{ exact: index === 0 }} className={classes.tab}>
            {name}
          </Link>
        ))}
      </nav>
      {children}
    </Stack>
  )
}
