import type { EventBook, Hold, LongView, PacketNotice, SpreadView, Wanted } from '#platform/guard/host.ts'
import type { InstancePort } from './guard.ts'

/** What counts packets beyond the kernel's own memory. */
export interface Views {
  readonly long: LongView
  readonly spread: SpreadView
}

export interface Taking {
  readonly book: EventBook
  readonly ports: readonly InstancePort[]
  readonly holds: readonly Hold[]
  /** Whom the kernel will have to hold. */
  readonly wanted: Wanted[]
}

/** Takes a packet in; tells whether people hear of it. */
export function takeNotice(
  { book, ports, wanted, holds }: Taking,
  views: Views,
  notice: PacketNotice,
): boolean {
  const before = book.number()
  const port = ports.find(({ link, address }) =>
    notice.notice === 'spoof' ? link === notice.link : address === notice.source,
  )
  const source = notice.source === '' ? (port?.address ?? '') : notice.source
  // While many search together, who of them is held is told of with them: decoys are not an incident each.
  const tell = (one: PacketNotice) => {
    const many = views.spread.note(one)
    if (many === undefined) book.note(one, port?.app ?? null)
    else book.noteMany(many, one)
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
