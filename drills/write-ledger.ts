import { join } from 'node:path'
import pg from 'pg'
import { addressesOf, HOME, POSTGRES_HOST } from '#contract/installation.ts'
import { readText } from '#runtime/drivers/files.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { DrillPlace, LedgerEntry } from './drill.ts'

const WRITERS = 4
const PAUSE_MS = 10
const CONNECT_MS = 1000
const ANSWER_MS = 5000
const TABLE = 'drill_ledger'

/** A write that the database acknowledged; `server` is the start of the server that took it. */
export type Acknowledged = LedgerEntry

/** Writers that never give up, and the ledger of what was acknowledged to them. */
export interface Ledger {
  readonly acknowledged: readonly Acknowledged[]
  /** Numbers of acknowledged writes that are not in the table. */
  findLost(): Promise<number[]>
  stop(): Promise<void>
}

type Connect = () => Promise<pg.Client>

/** Starts writing as an app does: with its role, over TLS, through the proxy at the address that apps have. */
export async function startLedger(place: DrillPlace, url: URL): Promise<Ledger> {
  const rootPem = await readText(join(place.home, HOME.pki, 'root.crt'))
  const connect: Connect = async () => {
    const client = new pg.Client({
      host: addressesOf(place.installation).pgproxy.apps,
      port: Number(url.port || addressesOf(place.installation).postgresPort),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
      ssl: { ca: rootPem, servername: POSTGRES_HOST, rejectUnauthorized: true },
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
    })
    // What ends a connection also fails the query on it, which is where it is noticed.
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const first = await connect()
  await first.query(`CREATE TABLE ${TABLE} (n integer PRIMARY KEY)`)
  await first.end()

  const acknowledged: Acknowledged[] = []
  const stopping = new AbortController()
  let last = 0
  const next = () => ++last
  const writers = Array.from({ length: WRITERS }, () => writeOn(connect, next, acknowledged, stopping.signal))
  return {
    acknowledged,
    findLost: () => findLost(connect, acknowledged),
    stop: async () => {
      stopping.abort()
      await Promise.all(writers)
    },
  }
}

/** Writes one number after the other, on a new connection whenever the old one failed. */
async function writeOn(
  connect: Connect,
  next: () => number,
  acknowledged: Acknowledged[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const client = await connect().catch(() => undefined)
    try {
      while (client !== undefined && !signal.aborted) await writeOne(client, next(), acknowledged, signal)
    } catch {
      // Not acknowledged: whether it was written is unknown, as for every app. The next one takes a new connection.
    } finally {
      await client?.end().catch(() => {})
    }
    await pause(PAUSE_MS, signal)
  }
}

async function writeOne(client: pg.Client, n: number, acknowledged: Acknowledged[], signal: AbortSignal) {
  // A wait for the standby that was cut short is answered with a warning: written here, but nowhere else.
  let warned = false
  const onNotice = () => {
    warned = true
  }
  client.once('notice', onNotice)
  const { rows } = await client.query<{ server: string }>(
    `INSERT INTO ${TABLE} VALUES ($1) RETURNING pg_postmaster_start_time()::text AS server`,
    [n],
  )
  client.off('notice', onNotice)
  if (!warned) acknowledged.push({ n, atMs: performance.now(), server: rows[0]?.server ?? '' })
  await pause(PAUSE_MS, signal)
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
