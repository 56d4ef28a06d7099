import type {
  BoundPort,
  EventBook,
  Hold,
  LongView,
  PacketNotice,
  SpreadView,
  Wanted,
} from '#platform/guard/host.ts'

/** A port of an instance or of a build, and whose it is, where that is known. */
export interface InstancePort extends BoundPort {
  readonly app: string | null
}

/** What counts packets beyond the kernel's own memory. */
export interface Views {
  readonly long: LongView
  readonly spread: SpreadView
}

/** What a packet is told to. */
interface Taking {
  readonly book: EventBook
  readonly ports: readonly InstancePort[]
  readonly holds: readonly Hold[]
  /** Whom the long view wants held. */
  readonly wanted: Wanted[]
}

/** Takes a packet in; tells whether people hear of it. */
export function takeNotice(
  { book, ports, wanted, holds }: Taking,
  views: Views,
  notice: PacketNotice,
): boolean {
  const before = book.number()
  const port = ports.find(({ link, address }) => {
    if (notice.notice === 'spoof') return link === notice.link
    // An instance's address, from outside: it has nothing to do with it.
    return notice.notice !== 'forged' && address === notice.source
  })
  const source = notice.source === '' ? (port?.address ?? '') : notice.source
  // While many search together, decoys among them are told of with them, and not by an incident each.
  const tell = (one: PacketNotice) => {
    const many = views.spread.note(one)
    if (many === undefined || many.isAlone) book.note(one, port?.app ?? null)
    if (many !== undefined) book.noteMany(many, one)
  }
  tell({ ...notice, source })
  if (notice.notice !== 'probe') return book.number() > before
  const { wanted: one, together } = views.long.note(notice)
  if (together !== undefined) book.noteTogether(together, notice)
  const isHeld = holds.some(({ address, until }) => address === one?.address && until > notice.at)
  if (one !== undefined && !isHeld) {
    wanted.push(one)
    tell({ ...notice, notice: 'hold' })
  }
  return book.number() > before
}
