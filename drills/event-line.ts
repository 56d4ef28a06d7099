import { DrillEvent } from '#contract/drills.ts'

/** The event that a program of a drill has said on a line; undefined for a line that is none, such as a library's own words. */
export function eventIn(line: string): DrillEvent | undefined {
  try {
    return DrillEvent.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
