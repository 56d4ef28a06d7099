import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import type { AnyDrill, DrillText } from './drill.ts'

/** How one of several drills ended; `error` where it was not carried out, or what it found could not be kept. */
export interface Ending {
  readonly drill: string
  readonly result: DrillResult | null
  readonly error: ReturnType<MaruError['toBody']>['error'] | null
}

export const isBad = ({ result, error }: Ending): boolean => error !== null || result?.passed !== true

/** How a drill is carried out, and how its result is kept. */
export interface Turn {
  readonly perform: (drill: AnyDrill) => Promise<DrillResult>
  readonly keep: (result: DrillResult) => Promise<void>
}

/** Drills one after the other; one that fails, however, does not keep the next from being carried out. */
export async function runInTurn(
  drills: readonly AnyDrill[],
  { perform, keep }: Turn,
  signal: AbortSignal,
): Promise<Ending[]> {
  const endings: Ending[] = []
  for (const drill of drills) {
    if (signal.aborted) break
    let result: DrillResult | null = null
    try {
      result = await perform(drill)
      await keep(result)
      endings.push({ drill: drill.name, result, error: null })
    } catch (error) {
      // What it found is told also where the platform is not there any more to be told.
      endings.push({ drill: drill.name, result, error: asRefusal(drill, error).toBody().error })
    }
  }
  return endings
}

/** What went wrong, in a form that people are told; a mistake of the program is told as one that stopped the drill. */
export function asRefusal({ name }: Pick<DrillText, 'name'>, error: unknown): MaruError {
  if (error instanceof MaruError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new MaruError('drills.stopped', { drill: name, stage: 'run', reason }, { cause: error })
}
