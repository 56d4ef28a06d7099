import type { Installation } from '#contract/installation.ts'
import type { PromiseId } from '#contract/trust.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { RunResult } from '#runtime/drivers/process.ts'

/** What a drill measures. A larger value than the limit means that the promise is not kept. */
export interface Measure {
  readonly unit: string
  readonly limit: number
}

/**
 * A drill: a promise, and how it is put to the test on the running platform. The texts are public, so they name no app,
 * no person and no private address.
 */
export interface Drill<Name extends string = string> {
  readonly name: string
  readonly promises: readonly [PromiseId, ...PromiseId[]]
  readonly summary: string
  /** It disturbs nobody, so that it may also run where people depend on the platform. */
  readonly harmless: boolean
  readonly setUp: string
  readonly fault: string
  readonly measures: Readonly<Record<Name, Measure>>
  /** About how long all of it takes. */
  readonly expectedS: number
  begin(place: DrillPlace): Stages<Name>
}

/** The stages of one run, in their order. `cleanUp` runs whatever happened before, also after half a set-up. */
export interface Stages<Name extends string = string> {
  setUp(): Promise<void>
  fault(): Promise<void>
  measure(): Promise<Measured<Name>>
  cleanUp(): Promise<void>
}

export interface Measured<Name extends string = string> {
  readonly values: Readonly<Record<Name, number>>
  /** One sentence: what happened. */
  readonly result: string
}

/** The installation that a drill runs on, and the hands that it has there. */
export interface DrillPlace {
  readonly installation: Installation
  readonly home: string
  readonly docker: Docker
  /** Runs the command line as root on this host; what it prints and its exit code are the answer. */
  maru(args: readonly string[]): Promise<RunResult>
  /** A line for the person who watches. */
  say(line: string): void
  /** Aborted when that person wants to stop; whoever waits has to look at it. */
  readonly signal: AbortSignal
}
