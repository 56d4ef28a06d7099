import type { InstanceReport } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import {
  describeStaleness,
  type HostReports,
  isFresh,
  loadReports,
  publish,
  waitForReports,
  wantedGeneration,
} from '#platform/workload/index.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { listInstances, removeInstances } from '../instance-store.ts'
import { type Observed, observe, rowOf } from '../observe.ts'
import { placeNew } from '../place-new.ts'
import { sameInstance } from '../plan.ts'
import type { StepContext } from '../step-context.ts'
import type { InstanceKey } from '../steps.ts'

type Keys = { readonly instances: readonly InstanceKey[] }

/** An instance that ended so often will not become healthy by waiting. */
const HOPELESS_RESTARTS = 3
const SHOWN_LOG_LINES = 40
/** After a restart of the control plane, what was to be waited for gets at least this long. */
const RESUMED_PATIENCE_MS = 10_000
/** Where the host can't say how many requests are under way. */
const BLIND_DRAIN_MS = 3_000
const GONE_PATIENCE_MS = 60_000

export async function applyStart(step: Keys, { deps, operation }: StepContext): Promise<void> {
  await transact(deps.db, async (tx) => {
    await placeNew(deps, tx, operation.app_id, step.instances)
    await publish(tx)
  })
}

export async function applyStop(step: Keys, { deps, operation }: StepContext): Promise<void> {
  await transact(deps.db, async (tx) => {
    await removeInstances(tx, operation.app_id, step.instances)
    await publish(tx)
  })
}

/** Waits until the edge (for web) or two quiet seconds (for the others) call every new instance healthy. */
export async function applyHealthy(
  step: Keys & { readonly release: number },
  context: StepContext,
): Promise<void> {
  const { deps, signal } = context
  // What a report of before says may be about an instance of the same name that a scale-down has removed.
  const wanted = await read(() => wantedGeneration(deps.db))
  const judge = async (reports: HostReports): Promise<Sick | 'healthy' | undefined> => {
    const observed = await observeStep(step, context, reports)
    if (observed.every((one) => isKnownSince(one, wanted) && one.found?.state === 'healthy')) return 'healthy'
    const hopeless = observed.find(
      (one) => isKnownSince(one, wanted) && (one.found?.restarts ?? 0) >= HOPELESS_RESTARTS,
    )
    return hopeless?.found && { host: hopeless.row?.host, reason: describeInstance(hopeless.found) }
  }
  const verdict = await waitForReports(deps, judge, deadlineOf(context, APP_LIMITS.healthyTimeoutS), signal)
  if (verdict === 'healthy') return
  const sick = verdict ?? (await explainTimeout(step, context))
  await showLastLog(step.release, sick, context)
  const seconds = Math.max(1, Math.round((deps.now().getTime() - context.begunAt.getTime()) / 1000))
  throw new MaruError('apps.unhealthy', { release: step.release, seconds, reason: sick.reason })
}

interface Sick {
  readonly host: string | undefined
  readonly reason: string
}

const isKnownSince = ({ received }: Partial<Observed>, generation: number) =>
  received !== undefined && received.report.generation >= generation

/** The step's instances, each as its host sees it; one that is nowhere is among them, too. */
async function observeStep(step: Keys, { deps, operation }: StepContext, reports: HostReports) {
  const rows = await read(() => listInstances(deps.db, [operation.app_id]))
  return step.instances.map((key): Partial<Observed> => {
    const row = rowOf(rows, key)
    return row === undefined ? {} : { ...observe([row], reports, operation.app_name)[0] }
  })
}

function deadlineOf({ begunAt, resumed, deps }: StepContext, seconds: number): Date {
  const planned = begunAt.getTime() + seconds * 1000
  return new Date(resumed ? Math.max(planned, deps.now().getTime() + RESUMED_PATIENCE_MS) : planned)
}

const describeInstance = (one: InstanceReport): string =>
  `${one.process}.${one.index} ${one.detail || `is ${one.state} after ${one.restarts} restarts`}`

/** The first instance that is not healthy says why; where its host is silent, that is the reason. */
async function explainTimeout(step: Keys, context: StepContext): Promise<Sick> {
  const { deps } = context
  const observed = await observeStep(step, context, await loadReports(deps.db))
  const sick = observed.find(
    ({ received, found }) => !isFresh(received, deps.now()) || found?.state !== 'healthy',
  )
  const { row, received, found } = sick ?? {}
  const host = row?.host
  if (!isFresh(received, deps.now())) return { host, reason: describeStaleness(received, deps.now()) }
  if (received.report.problem !== '') return { host, reason: received.report.problem }
  return { host, reason: found === undefined ? 'the host has not started it' : describeInstance(found) }
}

/** The app's own words are the best explanation; without them the error stands alone. */
async function showLastLog(
  release: number,
  { host }: Sick,
  { deps, operation, log }: StepContext,
): Promise<void> {
  try {
    const agent = deps.agents.of((host ?? deps.config.host.name) as HostName)
    const lines = await agent.lastLog(operation.app_name, release, SHOWN_LOG_LINES)
    for (const line of lines) await log('app', line)
  } catch (error) {
    deps.log.warn('apps.last_log_missed', { operationId: operation.id, error })
  }
}

/** Lets requests that are under way end. It is a courtesy with a limit, so it never fails. */
export async function applyDrain(step: Keys, context: StepContext): Promise<void> {
  const { deps, operation, begunAt } = context
  const isQuiet = ({ found }: Observed): boolean => {
    if (found === undefined || found.state === 'stopped') return true
    if (found.openRequests !== undefined) return found.openRequests === 0
    return deps.now().getTime() - begunAt.getTime() >= BLIND_DRAIN_MS
  }
  const judge = async (reports: HostReports) => {
    const rows = await read(() => listInstances(deps.db, [operation.app_id]))
    const web = rows.filter(
      (row) => row.process === 'web' && step.instances.some((key) => sameInstance(row, key)),
    )
    return observe(web, reports, operation.app_name).every(isQuiet) ? true : undefined
  }
  const deadline = new Date(begunAt.getTime() + APP_LIMITS.drainS * 1000)
  await waitForReports(deps, judge, deadline, context.signal)
}

/** Waits until nothing of the app runs; a host that is away does not keep an app from being destroyed. */
export async function applyGone(context: StepContext): Promise<void> {
  const { deps, operation, begunAt } = context
  const judge = (reports: HostReports) => {
    const instances = [...reports.values()].flatMap(({ report }) => report.instances)
    return reports.size === 0 || instances.some(({ app }) => app === operation.app_name) ? undefined : true
  }
  await waitForReports(deps, judge, new Date(begunAt.getTime() + GONE_PATIENCE_MS), context.signal)
}
