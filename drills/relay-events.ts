import { DrillEvent, isLastDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { RunResult } from '#runtime/drivers/process.ts'

/**
 * Runs the program of a drill, each line of which is an event, and hands the events on, the last one being its end. A program that ends
 * without one has failed.
 */
export async function relayEvents(
  drill: string,
  emit: (event: DrillEvent) => void,
  program: (onLine: (line: string) => void) => Promise<Pick<RunResult, 'stderr'>>,
): Promise<void> {
  let hasEnded = false
  const { stderr } = await program((line) => {
    const event = eventIn(line)
    if (event === undefined || hasEnded) return
    hasEnded = isLastDrillEvent(event)
    emit(event)
  })
  if (!hasEnded) emit(brokenOff(drill, lastWords(stderr)))
}

/** Why a program ended, as far as it said so. */
export const lastWords = (stderr: string): string => stderr.trim().split('\n').at(-1) || 'it said nothing'

/** The end of a drill whose program has ended before it. */
export function brokenOff(drill: string, reason: string): DrillEvent {
  const { error } = new MaruError('drills.stopped', { drill, stage: 'process', reason }).toBody()
  return { type: 'failed', error }
}

/** Undefined for a line that is no event, such as a library's own words. */
function eventIn(line: string): DrillEvent | undefined {
  try {
    return DrillEvent.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
