import type { DrillPlace } from './drill.ts'

/** A line of a member's log, with the time that the engine put on it. */
export interface MemberLine {
  readonly member: string
  readonly at: string
  readonly line: string
}

export interface PatroniMoment {
  readonly label: 'detection' | 'decision'
  readonly at: Date
  readonly source: string
}

/** Patroni's own words when the primary's keeper finds its server dead, or somebody else finds nobody leading. */
const DETECTED =
  /Postgresql is not running|Primary crashed\. Failing over|establishing a new patroni (?:heartbeat|restapi) connection.*leader|following a different leader|cluster has no leader|Lock owner: None/i
/** Its words when a member takes the lock. */
const DECIDED = /promoted self to leader by acquiring session lock/i

/**
 * When the cluster noticed and when it decided, out of what its members wrote down after the fault. A moment that
 * nobody wrote down is left out. Pure.
 */
export function findMoments(lines: readonly MemberLine[], fault: Date): PatroniMoment[] {
  const after = lines
    .filter(({ at }) => Date.parse(at) >= fault.getTime())
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
  const find = (label: PatroniMoment['label'], words: RegExp): PatroniMoment[] => {
    const found = after.find(({ line }) => words.test(line))
    return found === undefined
      ? []
      : [{ label, at: new Date(found.at), source: `log of Patroni on ${found.member}` }]
  }
  return [...find('detection', DETECTED), ...find('decision', DECIDED)]
}

/** Reads the members' logs from shortly before the fault on; a member without a container has none. */
export async function readMemberLines(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  members: readonly string[],
  fault: Date,
): Promise<MemberLine[]> {
  const since = (fault.getTime() / 1000 - 1).toFixed(3)
  const found: MemberLine[] = []
  for (const member of members) {
    const log = docker.containers.logs(`${installation.name}-${member}`, {
      follow: false,
      tail: 'all',
      since,
    })
    for await (const { at, line } of log) found.push({ member, at, line })
  }
  return found
}

/** Marks on the time line what Patroni wrote down about a change of the leader. */
export async function markPatroni(place: DrillPlace, faultMs: number): Promise<void> {
  const fault = new Date(Date.now() - (performance.now() - faultMs))
  const lines = await readMemberLines(place, ['postgres-1', 'postgres-2'], fault)
  for (const { label, at, source } of findMoments(lines, fault)) place.mark(label, { at, source })
}
