/** The host's half, for its agent: without the database, which only the control plane has. */

export { asAgreed } from './agreed.ts'
export { type HostGuard, makeHostGuard } from './apply-guard.ts'
export { type AllCounted, countCrowds, judgeCrowds } from './crowding.ts'
export { type EventBook, makeEventBook } from './event-book.ts'
export { judgeGuessers } from './guessing.ts'
export {
  describeHolds,
  type Hold,
  type Settled,
  SIGN_IN_SET,
  settleHolds,
  type Wanted,
} from './ledger.ts'
export { bridgeSettings, FLOOD_SETTINGS } from './limits.ts'
export { type LongView, makeLongView } from './long-view.ts'
export type { Member } from './members.ts'
export { guardTableOf, logGroupOf, portTableOf } from './names.ts'
export { type PacketNotice, parseNotice } from './notice.ts'
export { outwardAmong } from './outward.ts'
export { type BoundPort, withoutComing } from './render-ports.ts'
export { SavedHolds } from './saved-holds.ts'
export { makeSpreadView, type SpreadView } from './spread-view.ts'
export { makeTally, type Tally } from './tally.ts'
