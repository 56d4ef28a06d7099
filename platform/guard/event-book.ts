import { ofName } from '#contract/detection.ts'
import type { EventKind, Finding, NetworkEvent } from '#contract/guard.ts'
import type { DoorDeed } from './at-door.ts'
import { type Manner, mannerOf, type Noted, portOf } from './event-manners.ts'
import { senderOf, type Together } from './long-view.ts'
import { nameIsFull } from './memory-words.ts'
import type { PacketNotice } from './notice.ts'
import { type Many, tellMany } from './spread-view.ts'

/** An event with the number of its last change. */
export interface Numbered {
  readonly number: number
  readonly event: NetworkEvent
}

/** What has happened, one line for each source and kind within a minute. */
export interface EventBook {
  /** Takes a packet; `app`: whose instance sent it. */
  note(notice: PacketNotice, app: string | null): void
  noteTogether(together: Together, notice: PacketNotice): void
  /** Takes that a name has more answers than there is room for. */
  noteFullName(name: string, at: number): void
  /** Takes a packet that belongs to a search by many: it is told of as theirs. */
  noteMany(many: Many, notice: PacketNotice): void
  /** Takes what the detector found. */
  noteFinding(finding: Finding): void
  /** Takes what the edge turned away or held off at its door. */
  noteAtDoor(deed: PlacedDeed, app: string | null): void
  /** Something else has changed of which people are told. */
  bump(): void
  /** Events that began or changed after a number. */
  since(number: number): Numbered[]
  /** Of the last change. */
  number(): number
  /** What is known of an address that the kernel holds. */
  reasonOf(address: string): string | undefined
}

/** What somebody did at the edge's door, when and where. */
export interface PlacedDeed extends DoorDeed {
  readonly at: number
  readonly destination: string
  /** Null where the edge counts both of its ports together. */
  readonly port: number | null
}

/** Whose doing it is when it is nobody's alone. */
const MANY = 'many'
const WINDOW_MS = 60_000
/** Events that are kept for who asks later, and those of one kind within a minute: the rest is in the last one's count. */
const ROOM = 2_000
const PER_MINUTE = 60
const PORTS = 8

/** Of what no single packet says. */
const NOWHERE = { sourcePort: null, destination: '', port: null, protocol: 'udp' } as const

/** `first` is the number before the first change: the time, so that numbers and ids are unlike those of an agent before. */
export function makeEventBook(first: number): EventBook {
  const { add, ...lines } = makeLines(first)
  const reasons = new Map<string, string>()
  return {
    ...lines,
    note: (notice, app) => {
      note(reasons, notice)
      const manner = mannerOf(notice)
      // Whose packet met a full memory has not filled it.
      if (manner !== undefined) add(manner, notice, manner.who === undefined ? app : null, manner.who)
    },
    noteTogether: ({ network, sources, ports }, notice) => {
      const message = () => `${sources} addresses of ${network} together asked for ${ports} closed ports.`
      const manner: Manner = { kind: 'distributed scan', severity: 3, disposition: 'Logged', message }
      add(manner, notice, null, network)
    },
    noteFullName: (name, at) => {
      const manner: Manner = {
        ...{ kind: 'memory full', topic: name, severity: 4, disposition: 'Logged' },
        message: () => nameIsFull(name),
      }
      add(manner, { ...NOWHERE, at, source: ofName(name) }, null)
    },
    noteMany: (many, notice) => {
      note(reasons, notice)
      const manner: Manner = {
        ...{ kind: 'distributed scan', topic: many.destination, severity: 3 },
        ...{ disposition: 'Logged', message: () => tellMany(many) },
      }
      add(manner, { ...notice, sourcePort: null, port: null }, null, MANY, many.packets)
    },
    noteFinding: (finding) => {
      const { kind, severity, topic, message, target, rule } = finding
      const more = { target_app: target, finding_info: rule }
      add(
        { kind, severity, topic, more, disposition: 'Logged', message: () => message },
        finding,
        finding.app,
      )
    },
    noteAtDoor: ({ address, agreed, kind, topic, severity, message, times, ...where }, app) => {
      const manner: Manner = {
        ...{ kind: agreed ? 'engagement' : kind, topic, severity: agreed ? 1 : severity },
        ...{ disposition: 'Blocked', message: () => message },
      }
      add(manner, { ...where, source: address, sourcePort: null, protocol: 'tcp' }, app, address, times)
    },
    reasonOf: (address) => reasons.get(address),
  }
}

interface Lines extends Pick<EventBook, 'bump' | 'since' | 'number'> {
  /** Takes what happened into the line that it belongs to, or into a new one. */
  add(manner: Manner, noted: Noted, app: string | null, source?: string, times?: number): void
}

function makeLines(first: number): Lines {
  const events = new Map<string, Numbered & { readonly ports: ReadonlySet<string> }>()
  const open = new Map<string, string>()
  let number = first
  let made = 0
  const put = (uid: string, event: NetworkEvent, ports: ReadonlySet<string>) => {
    number++
    events.delete(uid)
    events.set(uid, { number, event, ports })
    forgetOldest(events)
  }
  const lineOf = (key: string, at: number) => {
    const line = events.get(open.get(key) ?? '')
    return line !== undefined && at - Date.parse(line.event.start_time) < WINDOW_MS ? line : undefined
  }
  const hasRoom = (kind: EventKind, at: number) =>
    [...events.values()].filter(
      ({ event }) => event.kind === kind && at - Date.parse(event.start_time) < WINDOW_MS,
    ).length < PER_MINUTE
  const add: Lines['add'] = (manner, noted, app, source = noted.source, times = 1) => {
    const own = `${manner.kind} ${source} ${manner.topic ?? ''}`
    const isOwn = lineOf(own, noted.at) !== undefined || hasRoom(manner.kind, noted.at)
    const key = isOwn ? own : `${manner.kind} many`
    const before = lineOf(key, noted.at)
    const ports = new Set([...(before?.ports ?? []), portOf(noted)].slice(0, PORTS))
    const message = manner.message(source, [...ports].join(', '), noted)
    const end_time = new Date(noted.at).toISOString()
    if (before !== undefined) {
      put(before.event.uid, { ...before.event, end_time, count: before.event.count + times, message }, ports)
      return
    }
    const uid = `${first.toString(36)}-${++made}`
    open.delete(key)
    open.set(key, uid)
    forgetOldest(open)
    put(uid, { ...eventOf(uid, manner, noted, source, app, message), count: times }, ports)
  }
  return {
    add,
    bump: () => {
      number++
    },
    since: (after) => changedSince([...events.values()], after),
    number: () => number,
  }
}

function forgetOldest(kept: Map<string, unknown>): void {
  const oldest = kept.size > ROOM ? kept.keys().next().value : undefined
  if (oldest !== undefined) kept.delete(oldest)
}

const changedSince = (all: readonly Numbered[], after: number): Numbered[] =>
  all.filter(({ number }) => number > after).map(({ number, event }) => ({ number, event }))

/** Remembers why an address is about to be held. */
function note(reasons: Map<string, string>, notice: PacketNotice): void {
  const why = {
    probe: `it asked for closed ports, the last ${portOf(notice)}`,
    hold: `it asked for closed ports or too many, the last ${portOf(notice)}`,
    inside: `it searched the network, the last ${notice.destination} ${portOf(notice)}`,
  }
  const reason = why[notice.notice as keyof typeof why]
  if (reason === undefined) return
  const sender = senderOf(notice.source)
  reasons.delete(sender)
  reasons.set(sender, reason)
  forgetOldest(reasons)
}

function eventOf(
  uid: string,
  { kind, severity, disposition, more }: Manner,
  notice: Noted,
  source: string,
  app: string | null,
  message: string,
): NetworkEvent {
  const at = new Date(notice.at).toISOString()
  return {
    uid,
    class_uid: 2004,
    kind,
    start_time: at,
    end_time: at,
    count: 1,
    severity_id: severity,
    disposition,
    src_endpoint: { ip: source, port: notice.sourcePort },
    dst_endpoint: { ip: notice.destination, port: notice.port },
    protocol_name: notice.protocol,
    app,
    ...more,
    message,
  }
}
