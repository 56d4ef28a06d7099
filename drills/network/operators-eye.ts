import type { HostEvent } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import { liveRoutes } from '#contract/live.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { secondsUntil, type Wait } from '../wait-until.ts'

/** An event, and when an operator saw it first, by the clock of `performance.now()`. */
export interface Shown {
  readonly event: HostEvent
  readonly at: number
}

/** Somebody who watches what is noticed at the hosts, as a page of the console does. */
export interface OperatorsEye {
  all(): readonly Shown[]
  /** Looks now, whatever the stream says, and gives all. */
  look(): Promise<readonly Shown[]>
  end(): Promise<void>
}

/** A drill makes fewer. */
const MOST = 200

/** Follows the live stream, and reads the list of events whenever that says that it has changed. */
export async function openOperatorsEye(home: string): Promise<OperatorsEye> {
  const client = makeClient({ kind: 'socket', path: rootSocket(home) })
  const leaving = new AbortController()
  const { signal } = leaving
  const shown = new Map<string, Shown>()
  const look = async () => {
    const { events } = await client.call(guardRoutes.events, { query: { limit: MOST } })
    const at = performance.now()
    for (const event of events) {
      const key = `${event.host} ${event.uid}`
      shown.set(key, { event, at: shown.get(key)?.at ?? at })
    }
  }
  const follow = async () => {
    for await (const event of client.events(liveRoutes.stream, { signal }, () => false))
      if (event.type === 'hello' || (event.type === 'changed' && event.topics.some(isOfHosts))) await look()
  }
  await look()
  let failure: unknown
  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) failure = error
  })
  const all = () => {
    if (failure !== undefined) throw failure
    return [...shown.values()]
  }
  return {
    all,
    look: () => look().then(all),
    end: async () => {
      leaving.abort()
      await following
      client.close()
    },
  }
}

/** Waits until somebody who watches has seen such a thing, and gives the first; undefined: not in that time. */
export async function untilShown(
  eye: OperatorsEye,
  wait: Wait,
  isIt: (shown: Shown) => boolean,
): Promise<Shown | undefined> {
  const find = () => eye.all().find(isIt)
  await secondsUntil(wait, () => find() !== undefined)
  return find()
}

/** Seconds from a moment of the machine's clock, in milliseconds, until it was seen. */
export const secondsAfter = (ms: number, { at }: Pick<Shown, 'at'>): number =>
  Math.max(0, (performance.timeOrigin + at - ms) / 1000)

const isOfHosts = ({ kind }: { readonly kind: string }) => kind === 'guard'
