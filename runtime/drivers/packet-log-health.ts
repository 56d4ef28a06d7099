/** What the kernel shows of the socket that takes a group's packets. */
export interface Reading {
  /** Packets that found no room in it. */
  readonly lost: number
  /** Bytes that wait in it. */
  readonly waiting: number
}

/** What is known of the program that reads the packet log. */
export interface ReaderHealth {
  /** Why nobody reads just now; empty while somebody does. */
  readonly away: string
  readonly reading: Reading | undefined
  /** Looks in a row at which packets waited, and none had been handed on. */
  readonly idleLooks: number
  readonly lines: number
  /** What was lost, by when. */
  readonly missed: {
    readonly since: number
    readonly at: number
    readonly packets: number
    readonly why: 'slow' | 'ended'
  } | null
}

export const READER_LIMITS = {
  /** One that takes nothing of what waits is ended after so many looks, and started again. */
  idleLooks: 4,
  /** So long it is told that packets were lost: who looks every few minutes must see it. */
  rememberMs: 600_000,
} as const

/** The kernel's number of the protocol by which packet filters talk. */
const NETFILTER = '12'

export const newReaderHealth = (): ReaderHealth => ({
  ...{
    away: 'The log of packets is not read yet.',
    reading: undefined,
    idleLooks: 0,
    lines: 0,
    missed: null,
  },
})

const rowsOf = (table: string) => table.split('\n').map((line) => line.trim().split(/\s+/))

/**
 * Finds it in the kernel's list of groups (`nfnetlink_log`: the group, then its reader's socket) and that of sockets (`netlink`).
 * Undefined: nobody takes this group's packets.
 */
export function parseReading(groups: string, sockets: string, group: number): Reading | undefined {
  const reader = rowsOf(groups).find(([number]) => number === String(group))?.[1]
  const socket = rowsOf(sockets).find(([, protocol, port]) => protocol === NETFILTER && port === reader)
  if (reader === undefined || socket === undefined) return undefined
  return { waiting: Number(socket[4]), lost: Number(socket[8]) }
}

/** A reader has begun: its socket is a new one. */
export const noteBegin = (health: ReaderHealth): ReaderHealth => ({
  ...{ ...health, away: '', reading: { lost: 0, waiting: 0 }, idleLooks: 0 },
})

/** The reader has ended: until another has begun, what the kernel tells of is lost. */
export function noteEnd(health: ReaderHealth, why: string, now: number): ReaderHealth {
  const missed = { since: now, at: now, packets: 0, why: 'ended' as const }
  return { ...health, away: why, reading: undefined, idleLooks: 0, missed }
}

/** What is known after a look at the kernel; `lines`: how many packets the reader has handed on by now. */
export function noteLook(
  health: ReaderHealth,
  reading: Reading | undefined,
  lines: number,
  now: number,
): ReaderHealth {
  const lost = Math.max(0, (reading?.lost ?? 0) - (health.reading?.lost ?? 0))
  const isIdle = (reading?.waiting ?? 0) > 0 && lines === health.lines
  const before = health.missed?.why === 'slow' && isTold(health.missed, now) ? health.missed : undefined
  const missed =
    lost === 0
      ? health.missed
      : {
          ...{ since: before?.since ?? now, at: now, why: 'slow' as const },
          packets: lost + (before?.packets ?? 0),
        }
  return { ...health, reading, lines, missed, idleLooks: isIdle ? health.idleLooks + 1 : 0 }
}

/** Whether it has to be ended: packets wait, and it takes none. */
export const isStuck = ({ idleLooks }: ReaderHealth): boolean => idleLooks >= READER_LIMITS.idleLooks

const isTold = ({ at }: NonNullable<ReaderHealth['missed']>, now: number) =>
  now - at < READER_LIMITS.rememberMs

const UNSEEN =
  'who searched or attacked meanwhile may not be told of. What the kernel holds back it held back.'

/** One sentence when what the kernel tells of could be lost, or was a while ago; else empty. */
export function problemOf({ away, reading, idleLooks, missed }: ReaderHealth, now: number): string {
  if (away !== '') return away
  if (reading === undefined)
    return 'Nobody takes the packets that the kernel tells of: who searches or attacks is not told of.'
  if (missed !== null && isTold(missed, now)) {
    const since = new Date(missed.since).toISOString()
    return missed.why === 'slow'
      ? `The reader of the packet log was too slow and lost ${missed.packets} packets since ${since}: ${UNSEEN}`
      : `The reader of the packet log had ended at ${since} and was started again: ${UNSEEN}`
  }
  // Once is no more than a busy moment.
  return idleLooks > 1
    ? 'The reader of the packet log takes none of the packets that wait for it: attacks are told of late.'
    : ''
}
