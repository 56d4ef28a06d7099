import type { DrillPlace } from './drill.ts'

/** A line of a container's log, with the time that the engine put on it. */
export interface RecordedLine {
  readonly component: string
  readonly at: string
  readonly line: string
}

export interface RecordedMoment {
  readonly label: 'detection' | 'decision' | 'proxy switched'
  readonly at: Date
  readonly source: string
}

const MEMBERS = ['postgres-1', 'postgres-2'] as const
const PROXY = 'pgproxy'

/** Patroni's words when it finds its own server dead, or asks the others who could lead because nobody does. */
const DETECTED =
  /Postgresql is not running|Primary crashed\. Failing over|Got response from |Request failed to /
/** Its words when a member takes the lock. */
const DECIDED = /promoted self to leader by acquiring session lock/
/** Its words when it no longer waits for a standby that has gone. */
const LET_GO = /Updating synchronous privilege temporarily from /
/** HAProxy's words when it may lead connections to a member again. */
const SWITCHED = /Server primary\/(\S+) is UP/
/** The time that Patroni itself puts on a line; it may reach the engine a good while later. Containers have UTC. */
const OWN_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) /

/**
 * When the cluster noticed, when it decided, and when the proxy followed, out of what they wrote down after the fault. A
 * moment that nobody wrote down is left out. Pure.
 */
export function findMoments(
  lines: readonly RecordedLine[],
  fault: Date,
  oldPrimary: string,
): RecordedMoment[] {
  const after = lines
    .map(({ component, at, line }) => ({ component, at: timeOf(at, line), line }))
    .filter(({ at }) => at.getTime() >= fault.getTime())
    .sort((one, other) => one.at.getTime() - other.at.getTime())
  const moment = (
    label: RecordedMoment['label'],
    found: (typeof after)[number] | undefined,
    whose: string,
  ): RecordedMoment[] => (found === undefined ? [] : [{ label, at: found.at, source: `log of ${whose}` }])
  const said = (words: RegExp) => after.find(({ component, line }) => component !== PROXY && words.test(line))
  const [promoted, letGo] = [said(DECIDED), said(LET_GO)]
  const decided = promoted ?? letGo
  // A standby that comes back finds its own server dead, too: that is not what its primary has decided by.
  const detected = promoted === undefined && letGo !== undefined ? undefined : said(DETECTED)
  const switched = after.find(({ component, line }) => {
    const member = component === PROXY ? SWITCHED.exec(line)?.[1] : undefined
    return member !== undefined && member !== oldPrimary
  })
  return [
    ...moment('detection', detected, `Patroni on ${detected?.component}`),
    ...moment('decision', decided, `Patroni on ${decided?.component}`),
    ...moment('proxy switched', switched, 'the proxy before the pair'),
  ]
}

function timeOf(at: string, line: string): Date {
  const [, day, time, ms] = OWN_TIME.exec(line) ?? []
  return new Date(day === undefined ? at : `${day}T${time}.${ms}Z`)
}

/** Marks on the time line what the keepers of the pair and its proxy wrote down about a change of the primary. */
export async function markRecorded(
  place: Pick<DrillPlace, 'docker' | 'hostOf' | 'installation' | 'mark'>,
  { primary, atMs }: { readonly primary: string; readonly atMs: number },
): Promise<void> {
  const fault = new Date(Date.now() - (performance.now() - atMs))
  const lines: RecordedLine[] = []
  const members = MEMBERS.map(async (member) => [member, (await place.hostOf(member)).docker] as const)
  // Of the proxies, the one that the writers go through.
  for (const [component, docker] of [...(await Promise.all(members)), [PROXY, place.docker] as const])
    lines.push(...(await linesOf({ docker, installation: place.installation }, component, fault)))
  for (const { label, at, source } of findMoments(lines, fault, primary)) place.mark(label, { at, source })
}

/** What a component wrote down since then. */
export async function linesOf(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  component: string,
  since: Date,
): Promise<RecordedLine[]> {
  const options = { follow: false, tail: 'all', since: (since.getTime() / 1000).toFixed(3) } as const
  const found: RecordedLine[] = []
  for await (const { at, line } of docker.containers.logs(`${installation.name}-${component}`, options))
    found.push({ component, at, line })
  return found
}
