import type { CliContext } from '#runtime/cli/context.ts'
import type { Progress } from '#runtime/cli/progress.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A person, or the machine, wants the run to end. */
export interface Interrupt {
  readonly signal: AbortSignal
  /** Nobody listens any more. */
  leave(): void
}

/** The first signal ends what runs in order: what was begun is put back. The second ends it at once, and leaves that where it is. */
export function listenForInterrupt(
  { signals }: Pick<CliContext, 'signals'>,
  { note }: Pick<Progress, 'note'>,
  endNow = (): void => process.exit(1),
): Interrupt {
  const stopping = new AbortController()
  const hear = () => {
    if (stopping.signal.aborted) endNow()
    note('Ending: what this run has made is being removed. Once more ends at once and leaves it there.')
    stopping.abort()
  }
  for (const name of SIGNALS) signals.on(name, hear)
  return {
    signal: stopping.signal,
    leave: () => {
      for (const name of SIGNALS) signals.off(name, hear)
    },
  }
}
