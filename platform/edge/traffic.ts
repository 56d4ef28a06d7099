import type { TrafficCounters, WorkerTraffic } from '#contract/agent.ts'
import { AppId } from '#contract/ids.ts'
import type { Haproxy, HeldWorker } from '#runtime/drivers/haproxy.ts'
import { backendOf, TIMES_TABLE } from './render.ts'
import { parseStatistics } from './servers-state.ts'

/** Reads what the edge counts, and sees to it that nothing is lost when a reload replaces the process that counts. */
export interface TrafficReader {
  /** The counters of every process that serves or has served lately; undefined when the edge doesn't answer. */
  read(appIds: readonly string[]): Promise<WorkerTraffic[] | undefined>
  /** Stays with the process that is about to be replaced until its last request is counted. */
  beforeReload(): Promise<void>
}

/** An ended process stays in the figures for so long. */
const REMEMBER_MS = 600_000
/** How often a process that ends is asked whether its last request is over. */
const LAST_LOOK_MS = 1_000
/** A process that still serves after so long was not replaced. */
const REPLACED_WITHIN_MS = 30_000

interface Ended {
  readonly traffic: WorkerTraffic
  /** Undefined while it still has requests under way. */
  endedAt: number | undefined
}

/** Backends only. */
const STATISTICS = 'show stat -1 2 -1'
const TIMES = `show table ${TIMES_TABLE}`

export function makeTrafficReader(haproxy: Haproxy, now: () => number): TrafficReader {
  const past = new Map<string, Ended>()
  return {
    read: async (appIds) => {
      const current = await readCurrent(haproxy, appIds)
      for (const [worker, { endedAt }] of past) {
        if (endedAt !== undefined && now() - endedAt > REMEMBER_MS) past.delete(worker)
      }
      if (current === undefined) return undefined
      const others = [...past.values()].map(({ traffic }) => traffic)
      return [current.traffic, ...others.filter(({ worker }) => worker !== current.traffic.worker)]
    },
    beforeReload: async () => {
      const held = await haproxy.hold()
      if (held !== undefined) void watchEnd(held, past, now)
    },
  }
}

/** Over one connection: between two of them a reload could put another process in this one's place. */
async function readCurrent(haproxy: Haproxy, appIds: readonly string[]): Promise<SeenWorker | undefined> {
  const held = await haproxy.hold()
  if (held === undefined) return undefined
  try {
    return await readWorker(held, appIds)
  } finally {
    held.release()
  }
}

/** Follows a process to its last request; HAProxy itself ends one that never gets there. */
async function watchEnd(held: HeldWorker, past: Map<string, Ended>, now: () => number): Promise<void> {
  const giveUpAt = now() + REPLACED_WITHIN_MS
  let worker: string | undefined
  try {
    for (;;) {
      const seen = await readWorker(held, [])
      if (seen === undefined) return
      worker = seen.traffic.worker
      if (seen.stopping) past.set(worker, { traffic: seen.traffic, endedAt: undefined })
      // A reload that HAProxy refused replaces nothing.
      if (seen.drained || (!seen.stopping && now() > giveUpAt)) return
      await new Promise((resolve) => setTimeout(resolve, LAST_LOOK_MS).unref())
    }
  } finally {
    held.release()
    const ended = past.get(worker ?? '')
    if (ended !== undefined) ended.endedAt = now()
  }
}

interface SeenWorker {
  readonly traffic: WorkerTraffic
  readonly stopping: boolean
  /** It was replaced and has nothing under way. */
  readonly drained: boolean
}

/** What is left of a drained process's jobs: the connection that asks. */
const OWN_JOBS = 1

/** One process's counters. Whether it is drained is asked first: what is counted afterwards is then final. */
async function readWorker(held: HeldWorker, appIds: readonly string[]): Promise<SeenWorker | undefined> {
  const info = await held.ask('show info')
  const statistics = await held.ask(STATISTICS)
  const times = await held.ask(TIMES)
  if (info === undefined || statistics === undefined || times === undefined) return undefined
  const number = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(info)?.[1] ?? Number.NaN)
  const stopping = number('Stopping') === 1
  return {
    // A container that starts anew gives its first process the same id again, but not at the same second.
    traffic: {
      worker: `${number('Pid')}@${number('Start_time_sec')}`,
      apps: parseTraffic(statistics, times, appIds),
    },
    stopping,
    drained: stopping && number('Jobs') - number('Unstoppable Jobs') <= OWN_JOBS,
  }
}

const NOTHING = { answers: 0, clientErrors: 0, serverErrors: 0, timed: 0, tenthsMs: 0 }

/** Counters by app: those of `appIds`, and every other that has counted something. */
export function parseTraffic(
  statistics: string,
  times: string,
  appIds: readonly string[],
): TrafficCounters[] {
  const counted = new Map<string, Omit<TrafficCounters, 'appId'>>(appIds.map((id) => [id, NOTHING]))
  for (const value of parseStatistics(statistics)) {
    const appId = appIdOf(value('pxname'))
    const number = (status: number) => Number(value(`hrsp_${status}xx`))
    const answers = [1, 2, 3, 4, 5].reduce((sum, status) => sum + number(status), 0)
    if (appId === undefined || answers === 0) continue
    counted.set(appId, { ...NOTHING, answers, clientErrors: number(4), serverErrors: number(5) })
  }
  for (const [, key, timed, tenthsMs] of times.matchAll(/ key=(\S+) .*gpc0=(\d+) gpc1=(\d+)/g)) {
    const appId = appIdOf(key ?? '')
    if (appId === undefined) continue
    const row = counted.get(appId) ?? NOTHING
    counted.set(appId, { ...row, timed: Number(timed), tenthsMs: Number(tenthsMs) })
  }
  return [...counted].map(([appId, counters]) => ({ appId: AppId.parse(appId), ...counters }))
}

/** The app of a backend; undefined for the platform's own. */
const appIdOf = (backend: string): string | undefined => {
  const appId = backend.slice(backendOf({ appId: '' }).length)
  return backendOf({ appId }) === backend && appId !== '' ? appId : undefined
}
