import { DETECTION_LIMITS, type Incident, type IncidentEntry, isCrowd } from '#contract/detection.ts'
import type { EventKind, HostEvent } from '#contract/guard.ts'
import { networkOf } from '#contract/networks.ts'
import { titleOf } from './incident-words.ts'

/** An incident with those of its entries that events are about. */
export interface Known {
  readonly incident: Incident
  readonly entries: readonly IncidentEntry[]
}

export interface IncidentSnapshot {
  /** Those that go on, and those to which one of the events belongs already. */
  readonly known: readonly Known[]
  readonly events: readonly HostEvent[]
}

/** Incidents as they are now, and what of their entries is new or another. */
export interface IncidentChange {
  readonly incident: Incident
  readonly isNew: boolean
  readonly entries: readonly IncidentEntry[]
}

/** From this on something makes an incident; what is less belongs to one that goes on, or to none. */
export const OPENS_AT = 3
const FULL: EventKind = 'memory full'
const QUIET_MS = DETECTION_LIMITS.quietMinutes * 60_000
/** An IPv6 customer has a whole network. */
const ONE = { 4: 32, 6: 64 } as const

/** Whose doing an event is: an app's, or that of an address outside. What was taken off the net is one address. */
export function whoDid({
  app,
  kind,
  src_endpoint: { ip },
}: Pick<HostEvent, 'app' | 'kind' | 'src_endpoint'>) {
  if (app !== null) return `app:${app}`
  return kind === 'black hole' || kind === 'flow rule' ? ip : networkOf(ip, ONE)
}

/** What is nobody's attack: agreed tests, and the platform's own questions. */
const isHarmless = ({ kind }: HostEvent) => kind === 'engagement' || kind === 'detector check'

/**
 * Correlates: what one attacker does, on whichever host and noticed by whom, is one incident until he was quiet for half an hour. An
 * event that is told of again has grown, and changes its incident instead of making another.
 */
export function planIncidents({ known, events }: IncidentSnapshot, newId: () => string): IncidentChange[] {
  const current = new Map(
    known.map((one) => [one.incident.id, { ...one, isNew: false, changed: new Set<string>() }]),
  )
  const inOrder = [...events].sort((a, b) => a.start_time.localeCompare(b.start_time))
  for (const event of inOrder) {
    if (isHarmless(event)) continue
    const who = whoDid(event)
    const entry = entryOf(event)
    const own = [...current.values()].find(
      ({ incident, entries }) =>
        entries.some((one) => isSame(one, entry)) || (isBy(incident, who, event) && goesOn(incident, event)),
    )
    if (own === undefined && event.severity_id < OPENS_AT) continue
    const before = own ?? {
      incident: opened(newId(), who, event),
      entries: [],
      isNew: true,
      changed: new Set<string>(),
    }
    const entries = [...before.entries.filter((one) => !isSame(one, entry)), entry]
    const old = before.entries.find((one) => isSame(one, entry))
    const incident = grown(before.incident, entry, old?.count ?? 0)
    before.changed.add(keyOf(entry))
    current.set(incident.id, { ...before, incident, entries })
  }
  return [...current.values()]
    .filter(({ changed }) => changed.size > 0)
    .map(({ incident, isNew, entries, changed }) => ({
      incident: { ...incident, title: titleOf(incident) },
      isNew,
      entries: entries.filter((one) => changed.has(keyOf(one))),
    }))
}

const keyOf = ({ host, uid }: Pick<IncidentEntry, 'host' | 'uid'>) => `${host} ${uid}`
const isSame = (a: IncidentEntry, b: IncidentEntry) => keyOf(a) === keyOf(b)

/**
 * Of one attacker it is all he does. Of a crowd, of whom it is not known that they are the same, only what is of one kind; and the
 * memory that it fills.
 */
const isBy = ({ who, kinds }: Incident, by: string, { kind }: HostEvent) =>
  who === by && (!isCrowd(by) || kind === FULL || kinds.includes(kind) || kinds.every((one) => one === FULL))

/** Hosts tell of what they noticed late when nobody asked them: what matters is when it was. */
const goesOn = ({ state, openedAt, lastAt }: Incident, { start_time, end_time }: HostEvent): boolean =>
  state === 'open' &&
  Date.parse(start_time) - Date.parse(lastAt) < QUIET_MS &&
  Date.parse(openedAt) - Date.parse(end_time) < QUIET_MS

const opened = (id: string, who: string, { start_time, kind, severity_id }: HostEvent): Incident => ({
  ...{ id, state: 'open', who, title: '', severity: severity_id },
  ...{ openedAt: start_time, lastAt: start_time, closedAt: null },
  ...{ hosts: [], apps: [], kinds: [kind], count: 0 },
})

function grown(incident: Incident, entry: IncidentEntry, counted: number): Incident {
  const { hosts, apps, kinds, openedAt, lastAt } = incident
  return {
    ...incident,
    severity: Math.max(incident.severity, entry.severity_id),
    openedAt: [openedAt, entry.start_time].sort()[0] ?? openedAt,
    lastAt: [lastAt, entry.end_time].sort()[1] ?? lastAt,
    hosts: withOne(hosts, entry.host),
    apps: [entry.app, entry.target_app ?? null].reduce<string[]>((all, app) => withOne(all, app), apps),
    kinds: withOne(kinds, entry.kind),
    count: incident.count + Math.max(0, entry.count - counted),
  }
}

const withOne = <T>(all: readonly T[], one: T | null): T[] =>
  one === null || all.includes(one) ? [...all] : [...all, one]

const entryOf = (event: HostEvent): IncidentEntry => ({
  ...{ host: event.host, uid: event.uid, kind: event.kind, count: event.count },
  ...{ start_time: event.start_time, end_time: event.end_time, severity_id: event.severity_id },
  ...{ disposition: event.disposition, app: event.app, target_app: event.target_app ?? null },
  ...{ message: event.message, rule: event.finding_info?.uid ?? null },
})

/** An incident that was quiet for long enough; undefined for one that goes on. */
export function planClosing(incident: Incident, now: Date): Incident | undefined {
  if (incident.state === 'closed' || now.getTime() - Date.parse(incident.lastAt) < QUIET_MS) return undefined
  return { ...incident, state: 'closed', closedAt: now.toISOString() }
}
