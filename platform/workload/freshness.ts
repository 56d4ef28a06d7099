import type { ReceivedReport } from './store.ts'

/** A report older than this says nothing about now. */
export const FRESH_S = 15

/** Whether what a host said last is about now. */
export const isFresh = (received: ReceivedReport | undefined, now: Date): received is ReceivedReport =>
  describeStaleness(received, now) === ''

/** One sentence when the host's report cannot be relied on, else empty. */
export function describeStaleness(received: ReceivedReport | undefined, now: Date): string {
  if (received === undefined) return 'the host has not reported yet'
  const ageS = Math.floor((now.getTime() - received.receivedAt.getTime()) / 1000)
  return ageS <= FRESH_S ? '' : `the host has not reported for ${ageS} s; this is its last known state`
}
