import type { DrillEntry, DrillGround, DrillList, DrillPermission, DrillRun } from '#contract/drills.ts'
import type { AnyDrill } from '#drills/drill.ts'
import { DRILLS } from '#drills/register.ts'
import { DRILL_VALID_DAYS } from '#platform/trust/index.ts'

const DAY_MS = 86_400_000

/** Where the drills would run. */
export interface DrillGrounds {
  /** Whether the host is marked as a lab; null while it does not answer. */
  readonly lab: boolean | null
  /** The member of the pair that is on another host. */
  readonly elsewhere: string | null
  /** What the machine that carries a lab of several hosts can carry out; it has to be there for that. */
  readonly ofLab: ReadonlySet<string>
}

/** Every drill that this program knows, with its last run and whether it may run here. Pure. */
export function viewDrills(latest: readonly DrillRun[], grounds: DrillGrounds): DrillEntry[] {
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
      here: permissionOf(drill, grounds),
      carriedOutBy: carriedOutBy(drill, grounds),
      last,
      validUntil: last === null ? null : validUntil(last),
    }
  })
}

const validUntil = ({ finishedAt }: DrillRun): DrillList['at'] =>
  new Date(Date.parse(finishedAt) + DRILL_VALID_DAYS * DAY_MS).toISOString()

/** Who carries a drill out where it may run. */
function carriedOutBy({ name, needs }: AnyDrill, { elsewhere, ofLab }: DrillGrounds): DrillGround {
  if (needs === 'hosts' || ofLab.has(name)) return 'lab'
  return needs === 'pair' && elsewhere !== null ? 'lab' : 'host'
}

function permissionOf(drill: AnyDrill, grounds: DrillGrounds): DrillPermission {
  const { name, needs, harmless } = drill
  const { lab, elsewhere, ofLab } = grounds
  if (ofLab.has(name)) return 'yes'
  if (needs === 'hosts' || needs === 'machine') return 'outside'
  if (lab === null) return 'unknown'
  if (lab && needs === 'pair' && elsewhere !== null) return 'elsewhere'
  if (lab) return 'yes'
  return harmless ? 'on-request' : 'no'
}
