import type { InstanceReport, InstanceSpec } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { INSTANCE_PORT } from '#contract/installation.ts'
import { type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'

/** What is known about an instance's container. */
export interface InstanceFacts {
  /** Undefined: there is no container. */
  readonly container:
    | {
        readonly state: string
        readonly startedAt: Date | undefined
        readonly restarts: number
        readonly exitCode: number
        readonly outOfMemory: boolean
      }
    | undefined
  /** How its last run ended, as the engine told it then. */
  readonly lastEnd: { readonly exitCode: number; readonly outOfMemory: boolean } | undefined
  /** What the edge thinks of it; undefined where the edge does not lead to it. */
  readonly edge: { readonly health: 'unknown' | 'up' | 'down'; readonly openRequests: number } | undefined
  readonly memoryBytes: number | undefined
  /** A host name of its app has no certificate here yet, so the edge may not lead to it. */
  readonly awaitsCertificate?: boolean
  /** Why it could not be made or started. */
  readonly problem: string | undefined
}

/** Processes that nothing can check count as healthy after so long without an end. */
const SETTLED_MS = 2_000
/** A web process gets so long to begin listening before it is called unhealthy. */
const PATIENCE_MS = 20_000

/** Judges an instance. Pure: the same facts and time give the same report. */
export function judgeInstance(
  app: string,
  one: InstanceSpec,
  facts: InstanceFacts,
  now: Date,
): InstanceReport {
  const { container, edge } = facts
  const ended = container === undefined || container.state !== 'running'
  const restarts = container?.restarts ?? 0
  const exitCode = ended ? (container?.exitCode ?? null) : (facts.lastEnd?.exitCode ?? null)
  const lastRunEnded = ended || restarts > 0
  const outOfMemory = lastRunEnded && (container?.outOfMemory === true || facts.lastEnd?.outOfMemory === true)
  const state = stateOf(one, facts, now)
  return {
    app: app as InstanceReport['app'],
    process: one.process,
    index: one.index,
    release: one.release,
    epoch: one.epoch,
    state,
    startedAt: container?.startedAt?.toISOString() ?? null,
    restarts,
    exitCode: lastRunEnded ? exitCode : null,
    outOfMemory,
    memoryBytes: facts.memoryBytes ?? null,
    ...(edge === undefined ? {} : { openRequests: edge.openRequests }),
    detail: detailOf(
      one,
      facts,
      { state, outOfMemory, restarts, exitCode: lastRunEnded ? exitCode : null },
      now,
    ),
  }
}

const ageMs = (facts: InstanceFacts, now: Date) =>
  facts.container?.startedAt === undefined ? 0 : now.getTime() - facts.container.startedAt.getTime()

function stateOf(one: InstanceSpec, facts: InstanceFacts, now: Date): InstanceReport['state'] {
  const { container } = facts
  if (container === undefined || ['exited', 'dead', 'created', 'removing'].includes(container.state)) {
    return facts.problem === undefined && container === undefined ? 'starting' : 'stopped'
  }
  if (container.state !== 'running') return 'unhealthy'
  if (one.traffic === 'drain') return 'draining'
  const age = ageMs(facts, now)
  if (one.process !== 'web') return age >= SETTLED_MS ? 'healthy' : 'starting'
  if (facts.edge?.health === 'up') return 'healthy'
  return age < PATIENCE_MS ? 'starting' : 'unhealthy'
}

interface Judged {
  readonly state: InstanceReport['state']
  readonly outOfMemory: boolean
  readonly restarts: number
  readonly exitCode: number | null
}

function detailOf(one: InstanceSpec, facts: InstanceFacts, judged: Judged, now: Date): string {
  if (facts.problem !== undefined) return `could not be started: ${facts.problem}`
  if (judged.state === 'healthy' || judged.state === 'draining') return ''
  const times =
    judged.restarts === 0 ? '' : ` (${judged.restarts} restart${judged.restarts === 1 ? '' : 's'})`
  if (judged.outOfMemory) return `ran out of its ${APP_LIMITS.instance.memoryMb} MB of memory${times}`
  if (judged.exitCode !== null) return `exited with code ${judged.exitCode}${times}`
  const silent = one.process === 'web' && judged.state !== 'stopped' && ageMs(facts, now) > SETTLED_MS
  if (silent && facts.edge === undefined && facts.awaitsCertificate === true)
    return 'waits for a certificate for its host name'
  return silent ? `does not answer on port ${INSTANCE_PORT}` : ''
}

/** An instance that nothing wants any more: it counts until its container is gone. */
export function describeLeaving({
  labels,
  state,
}: Pick<EngineContainer, 'labels' | 'state'>): InstanceReport {
  const number = (name: string) => Number(labels[name] ?? 0)
  return {
    app: (labels[LABELS.app] ?? '') as InstanceReport['app'],
    process: (labels[LABELS.process] ?? '') as InstanceReport['process'],
    index: number(LABELS.index),
    release: number(LABELS.release),
    epoch: number(LABELS.epoch),
    state: state === 'running' ? 'draining' : 'stopped',
    startedAt: null,
    restarts: 0,
    exitCode: null,
    outOfMemory: false,
    memoryBytes: null,
    detail: 'is being stopped',
  }
}
