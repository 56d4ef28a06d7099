import { Badge } from '@mantine/core'

const COLOURS: Readonly<Record<string, string>> = {
  running: 'teal',
  healthy: 'teal',
  serving: 'teal',
  ok: 'teal',
  ready: 'teal',
  done: 'teal',
  passed: 'teal',
  deploying: 'iris',
  building: 'iris',
  starting: 'iris',
  joining: 'iris',
  queued: 'iris',
  draining: 'yellow',
  degraded: 'yellow',
  destroying: 'yellow',
  'too old': 'yellow',
  failed: 'red',
  'not passed': 'red',
  over: 'red',
  unhealthy: 'red',
  down: 'red',
  silent: 'red',
}

/** A state in a word, with a colour that says the same; grey where nothing is expected of it. */
export function StateBadge({ state }: { readonly state: string }) {
  return (
    // A narrow table scrolls; half a word would say nothing.
    <Badge variant="dot" color={COLOURS[state] ?? 'gray'} tt="none" fw={550} miw="max-content" data-live>
      {state}
    </Badge>
  )
}
