import { MaruError } from '#contract/errors.ts'
import type { DrillResult } from '#contract/trust.ts'
import type { Drill } from './drill.ts'

/** Where a drill would run; refuses it where it could hurt people. */
export function checkAllowed(
  drill: Pick<Drill, 'name' | 'harmless'>,
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
