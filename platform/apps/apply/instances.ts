import type { HostReport, InstanceReport } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import {
  describeStaleness,
  latestReport,
  publish,
  waitForReport,
  wantedGeneration,
} from '#platform/workload/index.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { addInstances, removeInstances } from '../instance-store.ts'
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
    await addInstances(tx, operation.app_id, step.instances)
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
  const { deps, operation, signal } = context
  // What a report of before says may be about an instance of the same name that a scale-down has removed.
  const wanted = await read(() => wantedGeneration(deps.db))
  const judge = (report: HostReport): string | undefined => {
    if (report.generation < wanted) return undefined
    const found = step.instances.map((key) => findInstance(report, operation.app_name, key))
    if (found.every((one) => one?.state === 'healthy')) return ''
    const hopeless = found.find((one) => (one?.restarts ?? 0) >= HOPELESS_RESTARTS)
    return hopeless === undefined ? undefined : describeInstance(hopeless)
  }
  const reason = await waitForReport(
    deps,
    deps.config.host.name,
    judge,
    deadlineOf(context, APP_LIMITS.healthyTimeoutS),
    signal,
  )
  if (reason === '') return
  await showLastLog(step.release, context)
  const seconds = Math.max(1, Math.round((deps.now().getTime() - context.begunAt.getTime()) / 1000))
  throw new MaruError('apps.unhealthy', {
    release: step.release,
    seconds,
    reason: reason ?? (await explainTimeout(step, context)),
  })
}

function deadlineOf({ begunAt, resumed, deps }: StepContext, seconds: number): Date {
  const planned = begunAt.getTime() + seconds * 1000
  return new Date(resumed ? Math.max(planned, deps.now().getTime() + RESUMED_PATIENCE_MS) : planned)
}

const describeInstance = (one: InstanceReport): string =>
  `${one.process}.${one.index} ${one.detail || `is ${one.state} after ${one.restarts} restarts`}`

/** The first instance that is not healthy says why; where the host itself is silent, that is the reason. */
async function explainTimeout(step: Keys, { deps, operation }: StepContext): Promise<string> {
  const received = await latestReport(deps.db, deps.config.host.name)
  const stale = describeStaleness(received, deps.now())
  if (received === undefined || stale !== '') return stale
  if (received.report.problem !== '') return received.report.problem
  const found = step.instances.map((key) => findInstance(received.report, operation.app_name, key))
  const sick = found.find((one) => one !== undefined && one.state !== 'healthy')
  return sick === undefined ? 'the host has not started it' : describeInstance(sick)
}

/** The app's own words are the best explanation; without them the error stands alone. */
async function showLastLog(release: number, { deps, operation, log }: StepContext): Promise<void> {
  try {
    const lines = await deps.agents.first.lastLog(operation.app_name, release, SHOWN_LOG_LINES)
    for (const line of lines) await log('app', line)
  } catch (error) {
    deps.log.warn('apps.last_log_missed', { operationId: operation.id, error })
  }
}

/** Lets requests that are under way end. It is a courtesy with a limit, so it never fails. */
export async function applyDrain(step: Keys, context: StepContext): Promise<void> {
  const { deps, operation, begunAt } = context
  const web = step.instances.filter(({ process }) => process === 'web')
  const isQuiet = (report: HostReport, key: InstanceKey): boolean => {
    const found = findInstance(report, operation.app_name, key)
    if (found === undefined || found.state === 'stopped') return true
    if (found.openRequests !== undefined) return found.openRequests === 0
    return deps.now().getTime() - begunAt.getTime() >= BLIND_DRAIN_MS
  }
  const judge = (report: HostReport) => (web.every((key) => isQuiet(report, key)) ? true : undefined)
  const deadline = new Date(begunAt.getTime() + APP_LIMITS.drainS * 1000)
  await waitForReport(deps, deps.config.host.name, judge, deadline, context.signal)
}

/** Waits until nothing of the app runs; a host that is away does not keep an app from being destroyed. */
export async function applyGone(context: StepContext): Promise<void> {
  const { deps, operation, begunAt } = context
  const judge = (report: HostReport) =>
    report.instances.some(({ app }) => app === operation.app_name) ? undefined : true
  await waitForReport(
    deps,
    deps.config.host.name,
    judge,
    new Date(begunAt.getTime() + GONE_PATIENCE_MS),
    context.signal,
  )
}

/** What the host says about an instance. */
export function findInstance(report: HostReport, app: string, key: InstanceKey): InstanceReport | undefined {
  return report.instances.find(
    (one) =>
      one.app === app &&
      one.process === key.process &&
      one.index === key.index &&
      one.release === key.release &&
      one.epoch === key.epoch,
  )
}
