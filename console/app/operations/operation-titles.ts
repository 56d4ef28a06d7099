import type { OperationKind } from '#contract/operations.ts'

/** What people call each kind of operation. */
export const TITLES: Readonly<Record<OperationKind, string>> = {
  deploy: 'Deploy',
  rollback: 'Rollback',
  config: 'Change of configuration',
  scale: 'Scaling',
  restart: 'Restart',
  destroy: 'Destruction',
  'db-rotate': 'New database credentials',
  stack: 'Newer stack',
  'stack-roll': 'Newer stacks for every app',
}
