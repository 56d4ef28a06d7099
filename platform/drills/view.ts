import type { DrillEntry, DrillList, DrillPermission, DrillRun } from '#contract/drills.ts'
import type { AnyDrill } from '#drills/drill.ts'
import { DRILLS } from '#drills/register.ts'
import { DRILL_VALID_DAYS } from '#platform/trust/index.ts'

const DAY_MS = 86_400_000

/** Every drill that this program knows, with its last run and whether it may run here. Pure. */
export function viewDrills(
  latest: readonly DrillRun[],
  host: { readonly lab: boolean | null; readonly elsewhere: string | null },
): DrillEntry[] {
  return DRILLS.map((drill) => {
    const last = latest.find((run) => run.drill === drill.name) ?? null
    return {
      name: drill.name,
      promises: [...drill.promises],
      summary: drill.summary,
      harmless: drill.harmless,
      needs: drill.needs ?? null,
      setUp: drill.setUp,
      fault: drill.fault,
      measures: Object.entries(drill.measures).map(([name, { unit, limit }]) => ({ name, unit, limit })),
      expectedS: drill.expectedS,
      here: permissionOf(drill, host),
      last,
      validUntil: last === null ? null : validUntil(last),
    }
  })
}

const validUntil = ({ finishedAt }: DrillRun): DrillList['at'] =>
  new Date(Date.parse(finishedAt) + DRILL_VALID_DAYS * DAY_MS).toISOString()

function permissionOf(
  { needs, harmless }: Pick<AnyDrill, 'needs' | 'harmless'>,
  { lab, elsewhere }: { readonly lab: boolean | null; readonly elsewhere: string | null },
): DrillPermission {
  if (needs === 'hosts' || needs === 'machine') return 'outside'
  if (lab === null) return 'unknown'
  if (lab && needs === 'pair' && elsewhere !== null) return 'elsewhere'
  if (lab) return 'yes'
  return harmless ? 'on-request' : 'no'
}
