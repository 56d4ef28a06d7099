import type { EventKind, Finding, NetworkEvent } from '#contract/guard.ts'
import type { Judged } from './guessing.ts'
import { senderOf, type Together } from './long-view.ts'
import type { Notice } from './names.ts'
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
  /** Takes a packet that belongs to a search by many: it is told of as theirs. */
  noteMany(many: Many, notice: PacketNotice): void
  /** Takes what the detector found. */
  noteFinding(finding: Finding): void
  /** Takes sign-ins that failed or were turned away. */
  noteGuessing(guessing: Guessing, app: string | null): void
  /** Something else has changed of which people are told. */
  bump(): void
  /** Events that began or changed after a number. */
  since(number: number): Numbered[]
  /** Of the last change. */
  number(): number
  /** What is known of an address that the kernel holds. */
  reasonOf(address: string): string | undefined
}

/** Somebody who guesses passwords, and how many attempts were not told of yet. */
export interface Guessing extends Pick<Judged, 'address' | 'agreed' | 'message'> {
  readonly at: number
  readonly attempts: number
  readonly destination: string
  readonly port: number
}

/** Whose doing it is when it is nobody's alone. */
const MANY = 'many'
const WINDOW_MS = 60_000
/** Events that are kept for who asks later, and those of one kind within a minute: the rest is in the last one's count. */
const ROOM = 2_000
const PER_MINUTE = 60
const PORTS = 8

interface Manner {
  readonly kind: EventKind
  /** What else events of one source must have in common to be one. */
  readonly topic?: string
  readonly more?: Pick<NetworkEvent, 'target_app' | 'finding_info'>
  readonly severity: number
  readonly disposition: NetworkEvent['disposition']
  readonly message: (source: string, ports: string) => string
}

/** What an event is made of. */
type Noted = Pick<PacketNotice, 'at' | 'source' | 'sourcePort' | 'destination' | 'port' | 'protocol'>

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
    message: (source, ports) =>
      `${source} sent faster than allowed (${ports}); what was too much was dropped.`,
  },
  exhaust: {
    kind: 'exhaustion',
    severity: 4,
    disposition: 'Blocked',
    message: (source, ports) => `${source} has too many connections open and gets no new ones (${ports}).`,
  },
  full: {
    kind: 'memory full',
    severity: 4,
    disposition: 'Logged',
    message: () =>
      'So many different senders ask for so many ports that no more can be remembered: closed ports stay silent, open ones answer, and who searches is noticed late.',
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
  topic: 'arp',
  message: (source) =>
    `The instance at ${source} told its neighbours that another's address is its own; none of them heard it.`,
}

const mannerOf = ({ notice, protocol }: PacketNotice): Manner | undefined => {
  if (notice === 'probe') return undefined
  return notice === 'spoof' && protocol === 'arp' ? NEIGHBOURS : MANNERS[notice]
}

/** `first` is the number before the first change: the time, so that numbers and ids are unlike those of an agent before. */
export function makeEventBook(first: number): EventBook {
  const { add, ...lines } = makeLines(first)
  const reasons = new Map<string, string>()
  return {
    ...lines,
    note: (notice, app) => {
      note(reasons, notice)
      const manner = mannerOf(notice)
      if (manner !== undefined) add(manner, notice, app, nameOf(notice))
    },
    noteTogether: ({ network, sources, ports }, notice) => {
      const message = () => `${sources} addresses of ${network} together asked for ${ports} closed ports.`
      const manner: Manner = { kind: 'distributed scan', severity: 3, disposition: 'Logged', message }
      add(manner, notice, null, network)
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
    noteGuessing: ({ address, agreed, message, attempts, ...where }, app) => {
      const manner: Manner = {
        ...{ kind: agreed ? 'engagement' : 'password guessing', topic: 'sign-in', severity: agreed ? 1 : 3 },
        ...{ disposition: 'Blocked', message: () => message },
      }
      add(manner, { ...where, source: address, sourcePort: null, protocol: 'tcp' }, app, address, attempts)
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
    const message = manner.message(source, [...ports].join(', '))
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

/** Of a full memory it does not matter whose packet it was. */
const nameOf = ({ notice, source }: PacketNotice) => (notice === 'full' ? MANY : source)

const portOf = ({ port, protocol }: Noted) => (port === null ? protocol : `${port}/${protocol}`)

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
