import { APP_LIMITS } from '#contract/apps.ts'
import { HOSTS_CHANGED, type Loops, listHosts } from '#platform/fleet/index.ts'
import { unfinishedOperations } from '#platform/operations/index.ts'
import {
  type HostReports,
  isFresh,
  type Listener,
  loadReports,
  type Move,
  makeListener,
  type PlacementHost,
  placementHost,
  planPlacement,
  publish,
  REPORTED,
  silenceByClock,
  wantedGeneration,
} from '#platform/workload/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeBell } from '#runtime/server/notify.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { listAllApps } from './app-store.ts'
import { countByHost, listInstances } from './instance-store.ts'
import { planMoves, type Resident } from './moves-plan.ts'
import { observe } from './observe.ts'
import { keyOf } from './place-new.ts'
import { placementOf } from './placement.ts'
import { applyMoveStep, moveTo, replaceLost } from './places-store.ts'
import type { Db, InstanceRow } from './tables.ts'

const LOOK_AGAIN_MS = 5_000
/** Reports come often; places are looked at no more often than this. */
const REST_MS = 1_000
const MINUTE_MS = 60_000

/** Moves that could wait: so many are begun in a minute, and so many are under way at a time. */
export const CALM = { aMinute: 4, atOnce: 2 } as const
/** Moves off a drained host that are under way at a time. */
const DRAINING_AT_ONCE = 8

/** Replaces what is lost, empties drained hosts, and brings balance back slowly. */
export function startPlaces(deps: ServerDeps): Loops {
  const stopping = new AbortController()
  const running = keepPlaces(deps, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function keepPlaces(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const bell = makeBell((ring) => {
    const stops = [REPORTED, HOSTS_CHANGED].map((channel) => deps.hub.subscribe(channel, ring))
    return () => {
      for (const stop of stops) stop()
    }
  })
  const listen = makeListener()
  let complained = false
  while (!signal.aborted) {
    try {
      await lookOnce(deps, listen)
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('apps.places_not_kept', { error })
      complained = true
    }
    await pause(REST_MS, signal)
    await bell.wait(LOOK_AGAIN_MS, signal)
  }
  bell.close()
}

/** One look: what can be done is done in one transaction, and the hosts are told. */
export async function lookOnce(deps: ServerDeps, listen: Listener = silenceByClock): Promise<void> {
  if (!(await read(() => isWorthALook(deps.db)))) return
  const done = await transact(deps.db, async (tx) => {
    const view = await loadPlaces(deps, tx, listen)
    const steps = planMoves(view.residents, view.patience)
    for (const one of steps) await applyMoveStep(tx, view.rows.get(`${one.key} ${one.host}`), one)
    // What has just changed is looked at anew next time.
    const moves = steps.length > 0 ? [] : choose(planNext(view), view)
    for (const move of moves) await begin(tx, view, move)
    if (steps.length + moves.length > 0) await publish(tx)
    return { steps, moves }
  })
  for (const { key, host, kind } of done.steps) deps.log.info('apps.move', { instance: key, host, kind })
  for (const { key, from, to, why } of done.moves)
    deps.log.info('apps.move_begun', { instance: key, from, to, why })
}

/** One host may have been two: what was on the other is started on it. */
async function isWorthALook(db: Db): Promise<boolean> {
  const names = new Set((await listHosts(db)).map(({ name }): string => name))
  if (names.size > 1) return true
  return [...(await countByHost(db)).keys()].some((host) => !names.has(host))
}

interface Places {
  readonly hosts: readonly PlacementHost[]
  /** By key and host. */
  readonly rows: ReadonlyMap<string, InstanceRow>
  readonly residents: readonly Resident[]
  readonly patience: Parameters<typeof planMoves>[1]
  /** Ids of the apps of which an operation is under way. */
  readonly busy: ReadonlySet<string>
}

async function loadPlaces({ now }: ServerDeps, tx: Db, listen: Listener): Promise<Places> {
  const [apps, reports, wanted] = [await listAllApps(tx), await loadReports(tx), await wantedGeneration(tx)]
  const silence = listen(reports, now())
  const hosts = (await listHosts(tx)).map((host) =>
    placementHost(host, reports.get(host.name), silence.get(host.name)),
  )
  const instances = await listInstances(
    tx,
    apps.map(({ id }) => id),
  )
  const names = new Map(apps.map(({ id, name }): [string, string] => [id, name]))
  const standing = new Map(hosts.map((host) => [host.name, host.standing]))
  return {
    hosts,
    rows: new Map(instances.map((row) => [`${keyOf(row.app_id, row)} ${row.host}`, row])),
    residents: instances.map((row) => ({
      key: keyOf(row.app_id, row),
      host: row.host,
      process: row.process,
      traffic: row.traffic,
      placedAt: row.placed_at,
      leavingSince: row.leaving_since,
      found: saidOf(row, names.get(row.app_id) ?? '', reports, wanted, now()),
      isLost: (standing.get(row.host) ?? 'lost') === 'lost',
    })),
    patience: {
      now: now(),
      healthyS: APP_LIMITS.healthyTimeoutS,
      drainS: APP_LIMITS.drainS,
      isSettled: [...reports.values()]
        .filter((received) => isFresh(received, now()))
        .every(({ report }) => report.generation >= wanted),
    },
    busy: new Set((await unfinishedOperations(tx)).map(({ appId }): string => appId)),
  }
}

/** What was said before the host had the present state may be about an earlier one of the same name. */
function saidOf(row: InstanceRow, app: string, reports: HostReports, wanted: number, now: Date) {
  const [{ received, found } = {}] = observe([row], reports, app)
  return isFresh(received, now) && received.report.generation >= wanted ? found : undefined
}

function planNext({ hosts, rows, patience, busy }: Places): readonly Move[] {
  const all = [...rows.values()]
  const moving = all.filter(({ leaving_since }) => leaving_since !== null)
  const lately = all.filter(
    ({ moved, placed_at }) => moved && patience.now.getTime() - placed_at.getTime() < MINUTE_MS,
  )
  const movesLeft = Math.max(0, Math.min(CALM.aMinute - lately.length, CALM.atOnce - moving.length))
  return planPlacement({ ...placementOf(hosts, all, (appId) => busy.has(appId)), movesLeft }).moves
}

/** All that is lost at once; what leaves a drained host, a few at a time. */
function choose(moves: readonly Move[], { residents }: Places): readonly Move[] {
  let free = DRAINING_AT_ONCE - residents.filter(({ leavingSince }) => leavingSince !== null).length
  return moves.filter(({ why }) => {
    if (why !== 'drain') return true
    free -= 1
    return free >= 0
  })
}

async function begin(tx: Db, { rows }: Places, { key, from, to, why }: Move): Promise<void> {
  const row = rows.get(`${key} ${from}`)
  if (row === undefined) return
  if (why === 'lost' || why === 'new') await replaceLost(tx, row, to)
  else await moveTo(tx, row, to, why !== 'drain')
}
