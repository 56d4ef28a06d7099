import { Badge } from '@mantine/core'

const COLOURS: Readonly<Record<string, string>> = {
  running: 'teal',
  healthy: 'teal',
  serving: 'teal',
  ok: 'teal',
  ready: 'teal',
  done: 'teal',
  passed: 'teal',
  allowed: 'teal',
  open: 'teal',
  deploying: 'iris',
  building: 'iris',
  starting: 'iris',
  joining: 'iris',
  planned: 'iris',
  queued: 'iris',
  draining: 'yellow',
  degraded: 'yellow',
  destroying: 'yellow',
  'too old': 'yellow',
  waits: 'yellow',
  held: 'yellow',
  scan: 'yellow',
  malformed: 'yellow',
  'sign-in': 'yellow',
  'password guessing': 'yellow',
  'on trial': 'yellow',
  'not judged': 'yellow',
  'distributed scan': 'yellow',
  failed: 'red',
  'not passed': 'red',
  over: 'red',
  'not measured': 'red',
  unhealthy: 'red',
  down: 'red',
  silent: 'red',
  refused: 'red',
  blocked: 'red',
  instance: 'red',
  flood: 'red',
  exhaustion: 'red',
  spoofing: 'red',
  'by itself': 'yellow',
  'instance scan': 'red',
  'web attack': 'red',
  'break-in': 'red',
  outbound: 'red',
  'web probe': 'yellow',
  'plaintext password': 'yellow',
  'goes on': 'yellow',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
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
