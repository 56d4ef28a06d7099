import { MaruError } from '#contract/errors.ts'
import type { DrillResult } from '#contract/trust.ts'
import type { AnyDrill, Drill, DrillText } from './drill.ts'

/** Where a drill would run; refuses it where it could hurt people. */
export function checkAllowed(
  drill: Pick<DrillText, 'name' | 'harmless'>,
  {
    isLab,
    understands,
    home,
  }: { readonly isLab: boolean; readonly understands: boolean; readonly home: string },
): DrillResult['place'] {
  if (isLab) return 'lab'
  if (!drill.harmless) throw new MaruError('drills.only_in_lab', { drill: drill.name, home })
  if (!understands) throw new MaruError('drills.production', { drill: drill.name, home })
  return 'production'
}

/** A drill as one on one host; refused where it needs hosts that can be taken away. */
export function onOneHost(drill: AnyDrill, home: string): Drill {
  if (drill.needs === 'hosts') throw new MaruError('drills.needs_hosts', { drill: drill.name, home })
  return drill
}

/** Refuses a drill on members of the database of which one is elsewhere. */
export async function checkPairHere(
  { name, needs }: Pick<AnyDrill, 'name' | 'needs'>,
  elsewhere: () => Promise<string | undefined>,
): Promise<void> {
  const member = needs === 'pair' ? await elsewhere() : undefined
  if (member !== undefined) throw new MaruError('drills.needs_pair', { drill: name, member })
}

/** Refuses a drill that the agent has no programs for, and no right to enter a network. */
export function checkForAgent({ name, needs }: Pick<AnyDrill, 'name' | 'needs'>): void {
  if (needs === 'machine') throw new MaruError('drills.needs_machine', { drill: name })
}
