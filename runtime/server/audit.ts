import type { Principal } from '#contract/access.ts'
import type { Route } from '#contract/route.ts'
import type { Log } from '#runtime/kit/log.ts'
import { failureOf } from './failure.ts'

/** Something that somebody is about to do. */
export interface BegunAct {
  readonly who: { readonly kind: Principal['kind'] | 'maru'; readonly id: string; readonly name: string }
  readonly source: string
  readonly requestId: string
  readonly action: string
  readonly goals: Readonly<Record<string, string>>
  readonly told: Readonly<Record<string, unknown>>
}

export interface ActEnd {
  readonly result: 'done' | 'refused' | 'failed'
  readonly code?: string
  readonly answer?: Readonly<Record<string, unknown>>
}

/** Where acts are written down. */
export interface AuditLog {
  /** Before it is done: what cannot be written down is not done. Gives the row for its end. */
  begin(act: BegunAct): Promise<number>
  end(id: number, end: ActEnd): Promise<void>
  /** What was over before it began. */
  whole(act: BegunAct, end: ActEnd): Promise<void>
}

/** Whatever changes something, or shows a secret, is written down: a route has to do nothing for that. */
export const isRecorded = ({ method, access }: Pick<Route, 'method' | 'access'>): boolean =>
  method !== 'GET' || access.action === 'secrets'

/** The same for one act: what root says again and again may be left out, with a reason at the route. */
export const isActRecorded = (
  route: Pick<Route, 'method' | 'access' | 'unrecorded'>,
  { kind }: Pick<Principal, 'kind'>,
): boolean => isRecorded(route) && (route.unrecorded === undefined || kind !== 'root')

type Said = Pick<Route, 'recorded'>

/** What of a request is kept: the query, fields of the body that the route names, and of some only the names in them. */
export function toldOf(
  { recorded }: Said,
  { query, body }: { readonly query: unknown; readonly body: unknown },
): Record<string, unknown> {
  const names = pick(body, recorded?.names).map(([key, value]) => [key, Object.keys(Object(value))])
  return Object.fromEntries([...Object.entries(Object(query)), ...pick(body, recorded?.body), ...names])
}

const answerOf = ({ recorded }: Said, answer: unknown) =>
  Object.fromEntries(pick(answer, ['id', ...(recorded?.answer ?? [])]))

function pick(from: unknown, fields: readonly string[] = []): Array<[string, unknown]> {
  const all = Object.entries(Object(from) as object)
  return all.filter(([key, value]) => fields.includes(key) && value !== undefined)
}

/** Writes an act down, does it, and writes down what came of it. */
export async function withRecord<T>(
  { audit, log }: { readonly audit: AuditLog; readonly log: Log },
  route: Said,
  act: BegunAct,
  work: () => Promise<T>,
): Promise<T> {
  const id = await audit.begin(act)
  // What was done is done, also when its end cannot be written: it says `unknown` then.
  const end = (how: ActEnd) =>
    audit
      .end(id, how)
      .catch((error: unknown) => log.error('audit.end_lost', { id, action: act.action, ...how, error }))
  try {
    const answer = await work()
    await end({ result: 'done', answer: answerOf(route, answer) })
    return answer
  } catch (error) {
    await end(endOf(error, act.requestId))
    throw error
  }
}

/** How a failure is written down. */
export function endOf(error: unknown, requestId: string): ActEnd {
  const { status, code } = failureOf(error, requestId)
  return { result: status < 500 ? 'refused' : 'failed', code }
}
