import type { HostReport } from '#contract/agent.ts'
import { healthChange } from '#platform/edge/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import { type ReconcileDeps, type Reconciled, reconcile, withSteadyFleet } from './reconcile.ts'
import type { ReportBoard } from './report-board.ts'

/** Wakes the reconciliation: soon, once, however often it is called meanwhile. */
export interface Loop {
  wake(): void
  /** Ends after the pass under way. */
  stop(): Promise<void>
}

/**
 * Between passes: when all is settled, while something is on its way, and while it has been so for long. What the engine tells of
 * begins one at once, and what has to be undone within five seconds is looked at apart.
 */
const BEAT_MS = { settled: 6_000, unsettled: 200, longUnsettled: 1_000 } as const
const LONG_MS = 90_000

/** Runs passes one after the other, on signal and on a timer, and publishes each report. */
export function startLoop(deps: ReconcileDeps, board: ReportBoard): Loop {
  let asked = false
  let stopped = false
  let unsettledSince: number | undefined
  let interrupt = () => {}
  const beat = ({ unsettled }: Reconciled): keyof typeof BEAT_MS => {
    if (!unsettled) {
      unsettledSince = undefined
      return 'settled'
    }
    unsettledSince ??= Date.now()
    return Date.now() - unsettledSince > LONG_MS ? 'longUnsettled' : 'unsettled'
  }
  const rest = async (result: Reconciled) => {
    const over = new AbortController()
    interrupt = () => over.abort()
    if (asked || stopped) return
    const now = beat(result)
    const ends = [pause(BEAT_MS[now], over.signal)]
    // A passed check is what a deploy waits for.
    if (now === 'unsettled' && deps.edge !== undefined && result.edge !== undefined)
      ends.push(healthChange(deps.edge.haproxy, result.edge.servers, over.signal).catch(leaveToNextPass))
    await Promise.race(ends).finally(() => over.abort())
  }
  const run = async () => {
    while (!stopped) {
      asked = false
      const result = await reconcile(withSteadyFleet(deps), board.latest().generation)
      noteChange(deps, board.latest(), result.report)
      board.publish(result.report, deps.now())
      await rest(result)
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

/** An edge that doesn't answer is seen, and told of, by the pass that comes now. */
const leaveToNextPass = () => undefined

/** One sentence for the operator when a pass changed what is in force. */
function noteChange({ log }: ReconcileDeps, before: HostReport, now: Reconciled['report']): void {
  if (now.generation !== before.generation) {
    log.info('agent.applied', { sentence: `Generation ${now.generation} is in force.` })
  }
  if (now.problem !== before.problem) {
    log.info('agent.problem', { sentence: now.problem || 'The last problem is over.' })
  }
}
