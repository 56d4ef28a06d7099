import pg from 'pg'
import { MaruError } from '#contract/errors.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Connection, OwnConnections } from './database.ts'
import { isConnectionError, isSerializationError } from './database-errors.ts'
import type { Hub } from './notify.ts'
import {
  beatAndList,
  connectionNameOf,
  cutConnections,
  forget,
  isKnown,
  markReplaced,
  PROCESSES,
  type ProcessRow,
  register,
  releaseOrphans,
} from './process-store.ts'
import { makeWatch, type Watch } from './silence.ts'

/** This process among the control planes of the installation. */
export interface Presence {
  readonly id: string
  /** How its connections are called, and how the database refuses them once it has been replaced. */
  readonly connections: OwnConnections
  /** It leads, and nobody else can have begun to: what must run once in the installation may run here. */
  leads(): boolean
  /** Throws when another may have replaced it: nothing may be begun outside the database then. */
  check(): void
  /** Resolves when another has replaced it. Nothing that it does counts any more: the process should end. */
  readonly replaced: Promise<void>
  /** Gives the sign of life up, so that another goes on at once. Everything else has stopped before. */
  leave(): Promise<void>
}

/** A sign of life comes so often. */
const BEAT_MS = 1_000
/** After so long without a sign of life of its own it stops leading: two seconds before another may begin. */
export const LEASE_MS = 3_000
const RECONNECT_MS = 250
const STATEMENT_MS = 2_000
const CUT_LOOK_MS = 50

/** Where a process listens, and which program it is. */
export interface Whereabouts {
  readonly place: string
  readonly version: string
}

interface State {
  readonly id: string
  readonly hub: Hub
  readonly log: Log
  readonly watch: Watch
  readonly stopping: AbortController
  /** When the last sign of life that arrived was begun, by a clock that never jumps. */
  aliveMs: number
  isFirst: boolean
}

/** Makes this process known; when it resolves, whoever was at its place before can do nothing more. */
export async function openPresence(
  connection: Connection,
  where: Whereabouts,
  hub: Hub,
  log: Log,
): Promise<Presence> {
  const id = randomId('control')
  const stopping = new AbortController()
  const state: State = {
    id,
    hub,
    log,
    stopping,
    watch: makeWatch(),
    aliveMs: Number.NEGATIVE_INFINITY,
    isFirst: false,
  }
  const [begun, replaced] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const living = live(state, connection, where, begun.resolve).then((end) => {
    if (end === 'replaced') replaced.resolve()
  })
  await Promise.race([begun.promise, living])
  const isFresh = () => performance.now() - state.aliveMs < LEASE_MS
  return {
    id,
    connections: { name: connectionNameOf(id), admit: (client) => admit(client, id) },
    leads: () => state.isFirst && isFresh(),
    check() {
      if (!isFresh()) throw new MaruError('database_unavailable')
    },
    replaced: replaced.promise,
    async leave() {
      stopping.abort()
      await living
      await leave(connection, id).catch((error: unknown) => log.warn('presence.not_left', { error }))
    },
  }
}

/** A refusal by our own rule, with the code of a server that rejects a connection. */
async function admit(client: pg.ClientBase, id: string): Promise<void> {
  if (await isKnown(client, id)) return
  throw Object.assign(new Error('another control plane has replaced this one'), { code: '08004' })
}

/** Beats over one connection after the other until it is stopped or replaced. */
async function live(
  state: State,
  connection: Connection,
  where: Whereabouts,
  begun: () => void,
): Promise<'stopped' | 'replaced'> {
  const { id, log, stopping, hub } = state
  const bell = hub.bell(PROCESSES)
  let isRegistered = false
  let complained = false
  try {
    while (!stopping.signal.aborted) {
      try {
        await withClient(connection, async (client) => {
          await keepSafely(client, async () => {
            if (!isRegistered) await register(client, { id, ...where })
          })
          isRegistered = true
          while (!stopping.signal.aborted) {
            if (!(await beat(state, client))) return
            complained = false
            begun()
            await bell.wait(BEAT_MS, stopping.signal)
          }
        })
        return stopping.signal.aborted ? 'stopped' : 'replaced'
      } catch (error) {
        if (!isConnectionError(error) && !isSerializationError(error)) throw error
        if (!complained) log.warn('presence.database_away', { error })
        complained = true
        await pause(RECONNECT_MS, stopping.signal)
      }
    }
    return 'stopped'
  } finally {
    state.isFirst = false
    state.aliveMs = Number.NEGATIVE_INFINITY
    bell.close()
  }
}

/** One sign of life, and a look at the others. False when it has been replaced. */
async function beat(state: State, client: pg.Client): Promise<boolean> {
  const { id, watch, log } = state
  const begunMs = performance.now()
  let all = await beatAndList(client, id)
  if (!isAmong(all, id)) return false
  state.aliveMs = begunMs
  const silent = new Set(watch.look(all, performance.now()))
  for (const other of all) {
    if (other.id === id || !(other.replaced || silent.has(other.id))) continue
    log.warn('presence.replaces', { process: other.id, silent: silent.has(other.id) })
    if (await replace(client, other.id)) all = all.filter((one) => one !== other)
  }
  if (all[0]?.id === id && !state.isFirst) log.info('presence.leads', { process: id })
  state.isFirst = all[0]?.id === id
  return true
}

const isAmong = (all: readonly ProcessRow[], id: string) => all.some((one) => one.id === id && !one.replaced)

/**
 * Takes a process's place. Once it is marked, the database admits no connection of it; once those that it had are gone,
 * nothing that it began can still be written. Only then its jobs are free. Each step can be taken again, by anyone: false
 * means that this is needed.
 */
async function replace(client: pg.Client, id: string): Promise<boolean> {
  await keepSafely(client, () => markReplaced(client, id))
  const giveUpMs = performance.now() + STATEMENT_MS
  while ((await cutConnections(client, id)) > 0) {
    if (performance.now() > giveUpMs) return false
    await pause(CUT_LOOK_MS)
  }
  await forget(client, id)
  await releaseOrphans(client)
  return true
}

/** A sign of life that a failover swallows is followed by the next one, and waits for no standby. The rest must last. */
async function keepSafely(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('set synchronous_commit = on')
  await work()
  await client.query('set synchronous_commit = local')
}

async function leave(connection: Connection, id: string): Promise<void> {
  await withClient(connection, async (client) => {
    await forget(client, id)
    await releaseOrphans(client)
  })
}

/** A connection of its own, so that no busy pool keeps a sign of life waiting. */
async function withClient(connection: Connection, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({
    ...connection,
    application_name: 'maru-presence',
    connectionTimeoutMillis: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    keepAlive: true,
  })
  // What it means shows in the next statement.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await work(client)
  } finally {
    await Promise.race([client.end().catch(() => undefined), pause(RECONNECT_MS)])
  }
}
