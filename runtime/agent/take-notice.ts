import type { BoundPort, EventBook, Hold, LongView, PacketNotice, Wanted } from '#platform/guard/host.ts'

/** An instance's port, and whose it is. */
export interface InstancePort extends BoundPort {
  readonly app: string
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
  view: LongView,
  notice: PacketNotice,
): boolean {
  const before = book.number()
  const port = ports.find(({ link, address }) => {
    if (notice.notice === 'spoof') return link === notice.link
    // An instance's address, from outside: it has nothing to do with it.
    return notice.notice !== 'forged' && address === notice.source
  })
  const source = notice.source === '' ? (port?.address ?? '') : notice.source
  book.note({ ...notice, source }, port?.app ?? null)
  if (notice.notice !== 'probe') return book.number() > before
  const { wanted: one, together } = view.note(notice)
  if (together !== undefined) book.noteTogether(together, notice)
  const isHeld = holds.some(({ address, until }) => address === one?.address && until > notice.at)
  if (one !== undefined && !isHeld) {
    wanted.push(one)
    book.note({ ...notice, notice: 'hold' }, null)
  }
  return book.number() > before
}
