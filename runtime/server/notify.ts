import { type Kysely, sql, type Transaction } from 'kysely'
import pg from 'pg'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'

/** Every notification travels on one PostgreSQL channel, so that the connection listens once and for ever. */
const CHANNEL = 'maru'
const RECONNECT_MS = 500
const KEEPALIVE_MS = 10_000
/** A server that takes a connection and dies before it greets would be waited for for ever. */
const ANSWER_MS = 5_000
const END_MS = 1_000

/**
 * A bell that remembers: a ring between two waits is not lost. Make it, read the state, then wait; whatever
 * changes after it was made ends the next wait at once.
 */
export interface Bell {
  /** True when it rang, false when the time is over or the signal aborted. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  close(): void
}

/** Notifications between transactions and whoever waits for their effect, across processes. */
export interface Hub {
  bell(channel: string): Bell
  /** Calls `listener` for each notification; with an empty payload after a lost connection (some may be missed). */
  subscribe(channel: string, listener: (payload: string) => void): () => void
  close(): Promise<void>
}

/** Notifies everyone who listens to `channel` when the transaction commits. Payload at most 7,000 characters. */
export async function notify(
  // biome-ignore lint/suspicious/noExplicitAny: any tables will do, none is touched
  tx: Transaction<any> | Kysely<any>,
  channel: string,
  payload = '',
): Promise<void> {
  await sql`select pg_notify(${CHANNEL}, ${JSON.stringify([channel, payload])})`.execute(tx)
}

type Listener = (payload: string) => void

/** Opens the dedicated connection; it comes back by itself when it is lost. */
export function startHub(connection: pg.ClientConfig, log: Log): Hub {
  const listeners = new Map<string, Set<Listener>>()
  const stopped = new AbortController()
  const tell = (channel: string, payload: string) => {
    for (const listener of [...(listeners.get(channel) ?? [])]) listener(payload)
  }
  const tellAll = () => {
    for (const channel of listeners.keys()) tell(channel, '')
  }
  const running = keepListening(connection, tell, tellAll, stopped.signal, log)
  const subscribe = (channel: string, listener: Listener) => {
    const own = listeners.get(channel) ?? new Set<Listener>()
    listeners.set(channel, own.add(listener))
    return () => {
      own.delete(listener)
      if (own.size === 0 && listeners.get(channel) === own) listeners.delete(channel)
    }
  }
  return {
    subscribe,
    bell: (channel) => makeBell((ring) => subscribe(channel, ring)),
    async close() {
      stopped.abort()
      await running
    },
  }
}

/** A bell over any source of rings. */
export function makeBell(subscribe: (ring: () => void) => () => void): Bell {
  let rung = false
  let wake: (() => void) | undefined
  const close = subscribe(() => {
    rung = true
    wake?.()
  })
  const wait = (timeoutMs: number, signal?: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        wake = undefined
        const answer = rung
        rung = false
        resolve(answer)
      }
      const timer = setTimeout(end, timeoutMs)
      wake = end
      signal?.addEventListener('abort', end)
      if (rung || signal?.aborted) end()
    })
  return { wait, close }
}

async function keepListening(
  connection: pg.ClientConfig,
  tell: (channel: string, payload: string) => void,
  tellAll: () => void,
  stopped: AbortSignal,
  log: Log,
): Promise<void> {
  // One line an outage is enough: it comes back twice a second.
  let lost = false
  const listening = () => {
    if (lost) log.info('notify.connection_back')
    lost = false
    tellAll()
  }
  while (!stopped.aborted) {
    try {
      await listenOnce(connection, tell, listening, stopped)
    } catch (error) {
      if (!lost) log.warn('notify.connection_lost', { error })
      lost = true
    }
    if (!stopped.aborted) await pause(RECONNECT_MS, stopped)
  }
}

/** Listens until the connection is lost or the hub stops. */
async function listenOnce(
  connection: pg.ClientConfig,
  tell: (channel: string, payload: string) => void,
  listening: () => void,
  stopped: AbortSignal,
): Promise<void> {
  const client = new pg.Client({
    ...connection,
    query_timeout: ANSWER_MS,
    connectionTimeoutMillis: ANSWER_MS,
  })
  const lost = new Promise<never>((_, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('the connection ended')))
  })
  lost.catch(() => undefined)
  client.on('notification', (message) => {
    const [channel, payload] = JSON.parse(message.payload ?? '["",""]') as [string, string]
    tell(channel, payload)
  })
  try {
    await client.connect()
    await client.query(`listen ${CHANNEL}`)
    // Whatever was notified while nobody listened is made good by waking everyone once.
    listening()
    while (!stopped.aborted) {
      await Promise.race([pause(KEEPALIVE_MS, stopped), lost])
      // A silent connection may be dead (a frozen primary, a cut link): asking finds out.
      if (!stopped.aborted) await client.query('select 1')
    }
  } finally {
    // A dead link never confirms the end; what is left of it goes when the kernel gives up.
    await Promise.race([client.end().catch(() => undefined), pause(END_MS, new AbortController().signal)])
  }
}
