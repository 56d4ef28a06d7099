import type { EventKind, NetworkEvent } from '#contract/guard.ts'
import { senderOf, type Together } from './long-view.ts'
import type { Notice } from './names.ts'
import type { PacketNotice } from './notice.ts'

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
  /** Something else has changed of which people are told. */
  bump(): void
  /** Events that began or changed after a number. */
  since(number: number): Numbered[]
  /** Of the last change. */
  number(): number
  /** What is known of an address that the kernel holds. */
  reasonOf(address: string): string | undefined
}

const WINDOW_MS = 60_000
/** Events that are kept for who asks later, and those of one kind within a minute: the rest is in the last one's count. */
const ROOM = 2_000
const PER_MINUTE = 60
const PORTS = 8

interface Manner {
  readonly kind: EventKind
  /** What is counted apart although it is of the same kind. */
  readonly apart?: string
  readonly severity: number
  readonly disposition: NetworkEvent['disposition']
  readonly message: (source: string, ports: string) => string
}

const MANNERS: Readonly<Record<Exclude<Notice, 'probe'>, Manner>> = {
  hold: {
    kind: 'scan',
    severity: 3,
    disposition: 'Blocked',
    message: (source, ports) =>
      `${source} searched for open ports (${ports}) and reaches only the platform's own for a while.`,
  },
  trick: {
    kind: 'malformed',
    severity: 3,
    disposition: 'Blocked',
    message: (source, ports) =>
      `${source} sent packets that no honest program sends (${ports}) and reaches only the platform's own ports for a while.`,
  },
  flood: {
    kind: 'flood',
    severity: 4,
    disposition: 'Blocked',
    message: (source) => `${source} opened connections faster than allowed; what was too much was dropped.`,
  },
  engaged: {
    kind: 'engagement',
    severity: 1,
    disposition: 'Logged',
    message: (source, ports) => `${source} tests as agreed (${ports}).`,
  },
  inside: {
    kind: 'instance scan',
    severity: 4,
    disposition: 'Blocked',
    message: (source, ports) =>
      `The instance at ${source} searched the network (${ports}); it opens no connections to new places for a while.`,
  },
  spoof: {
    kind: 'spoofing',
    severity: 4,
    disposition: 'Blocked',
    message: (source) => `An instance sent as ${source}, which is not its address; none of it got out.`,
  },
}

/** What an instance tells its neighbours; the address that it claims is not known, so it is told under its own. */
const NEIGHBOURS: Manner = {
  ...MANNERS.spoof,
  apart: 'arp',
  message: (source) =>
    `The instance at ${source} told its neighbours that another's address is its own; none of them heard it.`,
}

const mannerOf = ({ notice, protocol }: PacketNotice): Manner | undefined => {
  if (notice === 'probe') return undefined
  return notice === 'spoof' && protocol === 'arp' ? NEIGHBOURS : MANNERS[notice]
}

const placeOf = ({ kind, apart }: Manner, source: string) => `${kind} ${source} ${apart ?? ''}`

/** `first` is the number before the first change: the time, so that numbers and ids are unlike those of an agent before. */
export function makeEventBook(first: number): EventBook {
  const events = new Map<string, Numbered & { readonly ports: ReadonlySet<string> }>()
  const open = new Map<string, string>()
  const reasons = new Map<string, string>()
  let number = first
  let made = 0
  const put = (uid: string, event: NetworkEvent, ports: ReadonlySet<string>) => {
    number++
    events.delete(uid)
    events.set(uid, { number, event, ports })
    const oldest = events.size > ROOM ? events.keys().next().value : undefined
    if (oldest !== undefined) events.delete(oldest)
  }
  const keyFor = (kind: EventKind, place: string, at: number) => {
    const minute = [...events.values()].filter(
      ({ event }) => event.kind === kind && at - Date.parse(event.start_time) < WINDOW_MS,
    )
    return minute.length < PER_MINUTE ? place : `${kind} many`
  }
  const add = (manner: Manner, notice: PacketNotice, app: string | null, source = notice.source) => {
    const place = placeOf(manner, source)
    const own = events.get(open.get(place) ?? '')
    const isOwn = own !== undefined && notice.at - Date.parse(own.event.start_time) < WINDOW_MS
    const key = isOwn ? place : keyFor(manner.kind, place, notice.at)
    const before = events.get(open.get(key) ?? '')
    const goesOn = before !== undefined && notice.at - Date.parse(before.event.start_time) < WINDOW_MS
    const ports = new Set([...(goesOn ? before.ports : []), portOf(notice)].slice(0, PORTS))
    const message = manner.message(source, [...ports].join(', '))
    const end_time = new Date(notice.at).toISOString()
    if (goesOn) {
      put(before.event.uid, { ...before.event, end_time, count: before.event.count + 1, message }, ports)
      return
    }
    const uid = `${first.toString(36)}-${++made}`
    open.delete(key)
    open.set(key, uid)
    const oldest = open.size > ROOM ? open.keys().next().value : undefined
    if (oldest !== undefined) open.delete(oldest)
    put(uid, eventOf(uid, manner, notice, source, app, message), ports)
  }
  return {
    note: (notice, app) => {
      note(reasons, notice)
      const manner = mannerOf(notice)
      if (manner !== undefined) add(manner, notice, app)
    },
    noteTogether: ({ network, sources, ports }, notice) => {
      const message = () => `${sources} addresses of ${network} together asked for ${ports} closed ports.`
      const manner: Manner = { kind: 'distributed scan', severity: 3, disposition: 'Logged', message }
      add(manner, notice, null, network)
    },
    bump: () => {
      number++
    },
    since: (after) => changedSince([...events.values()], after),
    number: () => number,
    reasonOf: (address) => reasons.get(address),
  }
}

const changedSince = (all: readonly Numbered[], after: number): Numbered[] =>
  all.filter(({ number }) => number > after).map(({ number, event }) => ({ number, event }))

const portOf = ({ port, protocol }: PacketNotice) => (port === null ? protocol : `${port}/${protocol}`)

/** Remembers why an address is about to be held. */
function note(reasons: Map<string, string>, notice: PacketNotice): void {
  const why = {
    probe: `it asked for closed ports, the last ${portOf(notice)}`,
    hold: `it asked for closed ports or too many, the last ${portOf(notice)}`,
    trick: `it sent a malformed packet to ${portOf(notice)}`,
    inside: `it searched the network, the last ${notice.destination} ${portOf(notice)}`,
  }
  const reason = why[notice.notice as keyof typeof why]
  if (reason === undefined) return
  const sender = senderOf(notice.source)
  reasons.delete(sender)
  reasons.set(sender, reason)
  const oldest = reasons.size > ROOM ? reasons.keys().next().value : undefined
  if (oldest !== undefined) reasons.delete(oldest)
}

function eventOf(
  uid: string,
  { kind, severity, disposition }: Manner,
  notice: PacketNotice,
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
    message,
  }
}
