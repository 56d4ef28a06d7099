import type { Fact, PromiseId } from '#contract/trust.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** What a check saw. It is public: no app, no person, no address that is not public anyway. */
export interface Finding {
  readonly passed: boolean
  /** One sentence: what was tried and what happened. */
  readonly summary: string
  readonly facts: readonly Fact[]
}

/**
 * One way to find out whether promises are kept, tried on the running platform. A capability exports its checks from its
 * evidence.ts; compose.ts hands them over. Every check has a positive control: "refused" must not be mistaken for
 * "unreachable". One that throws or takes too long has failed.
 */
export interface Check {
  /** Such as edge.tls: the capability, and what is looked at. It never changes. */
  readonly name: string
  readonly promises: readonly PromiseId[]
  readonly everyS: number
  /** Seconds after which its result proves nothing any more; several times `everyS`. */
  readonly validS: number
  readonly run: (deps: ServerDeps, signal: AbortSignal) => Promise<Finding>
}
