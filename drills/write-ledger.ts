import type pg from 'pg'
import { pause } from '#runtime/kit/pause.ts'
import type { DrillPlace, FailedEntry, LedgerEntry } from './drill.ts'
import { type Connect, openDoors } from './ledger-doors.ts'

const WRITERS = 4
const PAUSE_MS = 10
/** PostgreSQL's "read-only transaction": a standby. */
const READ_ONLY = '25006'
const STANDBY_MS = 100
const TABLE = 'drill_ledger'
const SERVER = "host(inet_server_addr()) || ' ' || pg_postmaster_start_time()"
const INSERT = `INSERT INTO ${TABLE} VALUES ($1) RETURNING ${SERVER} AS server`

/** A write that the database acknowledged; another member, or the same one started again, is another server. */
export interface Acknowledged extends LedgerEntry {
  /** As apps go, through the proxy; or straight to one member, which no app can. */
  readonly way: 'proxy' | 'direct'
}

/** Writers that never give up, and the ledger of what was acknowledged to them. */
export interface Ledger {
  readonly acknowledged: readonly Acknowledged[]
  /** Of the writers that go as apps do: writes whose end an app would see as an error, as the connection ended or it was refused. */
  readonly failed: readonly FailedEntry[]
  /** Numbers of acknowledged writes that are not in the table. */
  findLost(): Promise<number[]>
  stop(): Promise<void>
}

export interface LedgerOptions {
  /** Besides, one writer at each member itself, as its superuser: it would find a second server that takes writes. */
  readonly eachMember?: boolean
}

/** Starts writing as an app does: with its role, over TLS, through the proxy at the address that apps have. */
export async function startLedger(
  place: DrillPlace,
  url: URL,
  { eachMember = false }: LedgerOptions = {},
): Promise<Ledger> {
  const doors = await openDoors(place, url)
  const first = await doors.proxy()
  await first.query(`CREATE TABLE ${TABLE} (n integer PRIMARY KEY)`)
  await first.end()

  const acknowledged: Acknowledged[] = []
  const failed: FailedEntry[] = []
  const stopping = new AbortController()
  let last = 0
  const next = () => ++last
  const { signal } = stopping
  const writeTo = (connect: Connect, way: Acknowledged['way'], asker: string) =>
    writeOn({ connect, next, way, asker, acknowledged, failed: way === 'proxy' ? failed : [], signal })
  const writers = [
    ...Array.from({ length: WRITERS }, (_, at) => writeTo(doors.proxy, 'proxy', `writer ${at + 1}`)),
    ...(eachMember
      ? doors.members.map((connect, at) => writeTo(connect, 'direct', `writer at member ${at + 1}`))
      : []),
  ]
  return {
    acknowledged,
    failed,
    findLost: () => findLost(doors.proxy, acknowledged),
    stop: async () => {
      stopping.abort()
      await Promise.all(writers)
    },
  }
}

interface Writing {
  readonly connect: Connect
  readonly next: () => number
  readonly way: Acknowledged['way']
  readonly asker: string
  readonly acknowledged: Acknowledged[]
  readonly failed: FailedEntry[]
  readonly signal: AbortSignal
}

/** Writes one number after the other, on a new connection whenever the old one failed. */
async function writeOn(writing: Writing): Promise<void> {
  const { connect, failed, asker, signal } = writing
  while (!signal.aborted) {
    let client: pg.Client | undefined
    // Whoever stops does not wait for an answer that may never come.
    const leave = () => void client?.end().catch(() => {})
    signal.addEventListener('abort', leave)
    // What is asked for first is the connection.
    let begunMs = performance.now()
    const begin = () => {
      begunMs = performance.now()
      return begunMs
    }
    try {
      client = await connect()
      while (!signal.aborted) await writeOne(client, writing, begin)
    } catch (error) {
      // Not acknowledged: whether it was written is unknown, as for every app. The next one takes a new connection.
      if (!signal.aborted)
        failed.push({
          ...{ asker, begunMs, endedMs: performance.now() },
          outcome: error instanceof Error ? error.message : String(error),
        })
    } finally {
      signal.removeEventListener('abort', leave)
      await client?.end().catch(() => {})
    }
    await pause(PAUSE_MS, signal)
  }
}

async function writeOne(
  client: pg.Client,
  { next, way, asker, acknowledged, signal }: Writing,
  begin: () => number,
): Promise<void> {
  const n = next()
  const begunMs = begin()
  // A wait for the standby that was cut short is answered with a warning: written here, but nowhere else.
  let warned = false
  const onNotice = () => {
    warned = true
  }
  client.once('notice', onNotice)
  try {
    const { rows } = await client.query<{ server: string }>(INSERT, [n])
    if (!warned)
      acknowledged.push({ n, asker, begunMs, atMs: performance.now(), server: rows[0]?.server ?? '', way })
    await pause(PAUSE_MS, signal)
  } catch (error) {
    if (way === 'proxy' || (error as { code?: string }).code !== READ_ONLY) throw error
    await waitForReign(client, signal)
  } finally {
    client.off('notice', onNotice)
  }
}

/** A standby is asked over the same connection until it has become the primary, or the connection ends. */
async function waitForReign(client: pg.Client, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
    if (rows[0]?.standby !== true || signal.aborted) return
    await pause(STANDBY_MS, signal)
  }
}

async function findLost(connect: Connect, acknowledged: readonly Acknowledged[]): Promise<number[]> {
  const client = await connect()
  try {
    const { rows } = await client.query<{ n: number }>(`SELECT n FROM ${TABLE}`)
    const kept = new Set(rows.map(({ n }) => n))
    return acknowledged.map(({ n }) => n).filter((n) => !kept.has(n))
  } finally {
    await client.end()
  }
}
