import type { HostReport } from '#contract/agent.ts'
import { type ReconcileDeps, type Reconciled, reconcile } from './reconcile.ts'
import type { ReportBoard } from './report-board.ts'

/** Wakes the reconciliation: soon, once, however often it is called meanwhile. */
export interface Loop {
  wake(): void
  /** Ends after the pass under way. */
  stop(): Promise<void>
}

/** Between passes: when all is settled, while something is on its way, and while it has been so for long. */
const BEAT_MS = { settled: 5_000, unsettled: 200, longUnsettled: 1_000 } as const
const LONG_MS = 90_000

/** Runs passes one after the other, on signal and on a timer, and publishes each report. */
export function startLoop(deps: ReconcileDeps, board: ReportBoard): Loop {
  let asked = false
  let stopped = false
  let unsettledSince: number | undefined
  let interrupt = () => {}
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      interrupt = () => {
        clearTimeout(timer)
        resolve()
      }
      if (asked) interrupt()
    })
  const beat = ({ unsettled }: Reconciled) => {
    if (!unsettled) {
      unsettledSince = undefined
      return BEAT_MS.settled
    }
    unsettledSince ??= Date.now()
    return Date.now() - unsettledSince > LONG_MS ? BEAT_MS.longUnsettled : BEAT_MS.unsettled
  }
  const run = async () => {
    while (!stopped) {
      asked = false
      const result = await reconcile(deps, board.latest().generation)
      noteChange(deps, board.latest(), result.report)
      board.publish(result.report, deps.now())
      await rest(beat(result))
    }
  }
  const ended = run()
  return {
    wake: () => {
      asked = true
      interrupt()
    },
    stop: () => {
      stopped = true
      interrupt()
      return ended
    },
  }
}

/** One sentence for the operator when a pass changed what is in force. */
function noteChange({ log }: ReconcileDeps, before: HostReport, now: Reconciled['report']): void {
  if (now.generation !== before.generation) {
    log.info('agent.applied', { sentence: `Generation ${now.generation} is in force.` })
  }
  if (now.problem !== before.problem) {
    log.info('agent.problem', { sentence: now.problem || 'The last problem is over.' })
  }
}
