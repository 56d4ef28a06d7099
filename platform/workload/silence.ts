import type { HostReports } from './store.ts'

/** How many seconds each host that ever reported has been silent. */
export type Silence = ReadonlyMap<string, number>
/** Says that of the reports that are there at this moment. */
export type Listener = (reports: HostReports, now: Date) => Silence

/** As the clock says: for who looks once. */
export const silenceByClock: Listener = (reports, now) =>
  new Map([...reports].map(([host, { receivedAt }]) => [host, (now.getTime() - receivedAt.getTime()) / 1000]))

/** What is listened to between two looks counts for no longer: nobody looks more seldom. */
const LOOK_S = 10

/**
 * For who looks again and again, and moves what is on silent hosts: only time counts in which it was awake, had the database and
 * heard nothing new of a host. So hosts are not silent, all in one moment, because a clock was set, the machine stood still
 * or the database was away; and a host was not silent while nobody listened.
 */
export function makeListener(steadyMs: () => number = () => performance.now()): Listener {
  let heard: ReadonlyMap<string, { readonly at: number; readonly silentS: number }> = new Map()
  let lookedMs = steadyMs()
  return (reports) => {
    const nowMs = steadyMs()
    const listenedS = Math.min(LOOK_S, (nowMs - lookedMs) / 1000)
    lookedMs = nowMs
    heard = new Map(
      [...reports].map(([host, { notedAt }]) => {
        const [at, before] = [notedAt.getTime(), heard.get(host)]
        return [host, { at, silentS: before?.at === at ? before.silentS + listenedS : 0 }]
      }),
    )
    return new Map([...heard].map(([host, { silentS }]) => [host, silentS]))
  }
}
