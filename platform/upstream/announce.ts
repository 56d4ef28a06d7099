import { MaruError } from '#contract/errors.ts'
import type { HostEvent } from '#contract/guard.ts'
import type { BlackHole } from '#contract/upstream.ts'
import { correlate } from '#platform/detection/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { flowWords, hostsAt, refuseAnnouncing, type UpstreamSnapshot, type Wanted } from './plan.ts'
import { type Db, endDropped, putDropped } from './store.ts'

export interface Asked extends Wanted {
  readonly minutes: number
  readonly reason: string
  readonly by: string
  readonly automatic: boolean
}

/** Keeps that an address should be dropped, and tells of it as an incident; refused where it must not be. */
export async function beginDropping(
  tx: Db,
  snapshot: UpstreamSnapshot,
  { minutes, evenLast, ...asked }: Asked,
  now: Date,
): Promise<BlackHole> {
  const refusal = refuseAnnouncing(snapshot, { ...asked, evenLast })
  if (refusal !== undefined) throw new MaruError(refusal.code, refusal.params)
  const until = new Date(now.getTime() + minutes * 60_000).toISOString()
  const one = await putDropped(tx, {
    ...asked,
    id: randomId<string>('hole'),
    since: now.toISOString(),
    until,
  })
  await tell(tx, snapshot, one, now)
  return one
}

/** Ends it, and says so in the same incident. */
export async function endDropping(
  tx: Db,
  snapshot: UpstreamSnapshot,
  one: BlackHole,
  by: string,
  now: Date,
): Promise<void> {
  await endDropped(tx, one.id, now, by)
  await tell(tx, snapshot, one, now, by)
}

/** The same event is told of again when it is over: its incident grows, and there is no other. */
async function tell(
  tx: Db,
  snapshot: UpstreamSnapshot,
  one: BlackHole,
  now: Date,
  endedBy?: string,
): Promise<void> {
  const [host] = hostsAt(snapshot, one.address)
  // The host is gone: there is nobody any more of whom it could be told.
  if (host === undefined) return
  const { address, upstream, only, since, until, reason, by } = one
  const where = upstream === null ? 'all providers that bring it' : upstream
  const what = only === null ? address : `What goes to ${address} by ${flowWords(only)}`
  const begun = `${what} is dropped by ${where} until ${until}, as ${by} asked: ${reason}.`
  const event: HostEvent = {
    ...{ host, uid: one.id, class_uid: 2004, kind: only === null ? 'black hole' : 'flow rule', count: 1 },
    ...{ start_time: since, end_time: now.toISOString(), severity_id: 4, disposition: 'Blocked' },
    src_endpoint: { ip: address, port: null },
    dst_endpoint: { ip: address, port: null },
    ...{ protocol_name: 'bgp', app: null, target_app: null },
    message:
      endedBy === undefined
        ? begun
        : `${what} was dropped by ${where} (${reason}) and is let through again, as ${endedBy} asked.`,
  }
  await correlate(tx, [event])
}
