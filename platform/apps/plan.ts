import type { BuildRecipe } from '#contract/agent.ts'
import type { ErrorCode } from '#contract/errors.ts'
import type { OperationKind } from '#contract/operations.ts'
import { describeStep, type InstanceKey, type Step } from './steps.ts'

interface Release {
  readonly version: number
  readonly processes: Readonly<Record<string, string>>
  /** Its code is a slug, which goes on any stack of the platform; an image of a Dockerfile brings its own. */
  readonly hasSlug: boolean
}

/** What planning needs to know about an app. */
export interface AppSnapshot {
  readonly name: string
  /** The release that serves. */
  readonly release: Release | null
  readonly epoch: number
  readonly nextRelease: number
  /** Releases that can be rolled back to, newest first. */
  readonly usable: readonly Release[]
  readonly formation: Readonly<Record<string, number>>
  readonly instances: readonly InstanceKey[]
  /** How often the database's credentials have been rotated; null where there is no database yet. */
  readonly rotation: number | null
}

/** Where the code and the configuration of a new release come from. */
export interface NewRelease {
  readonly version: number
  readonly reason: string
  readonly processes: Readonly<Record<string, string>>
  /** Release whose code is used again; null: it is built. */
  readonly codeOf: number | null
  /** `app`: what is configured now; `given`: what the request brings; a number: that release's. */
  readonly configOf: 'app' | 'given' | number
  readonly rotation: number
}

export interface Plan {
  readonly kind: OperationKind
  readonly app: string
  readonly newRelease: NewRelease | null
  readonly steps: readonly Step[]
}

/** Why something cannot be done, as a row of the error catalogue. */
export interface Refusal {
  readonly refused: ErrorCode
  readonly params: Readonly<Record<string, string | number>>
}

const DEFAULT_WEB = 2
const DEFAULT_OTHER = 1

const refuse = (refused: ErrorCode, params: Refusal['params']): Refusal => ({ refused, params })

/** A first or further deploy of an uploaded source. */
export function planDeploy(
  app: AppSnapshot,
  source: { id: string; recipe: BuildRecipe; processes: Readonly<Record<string, string>> },
): Plan {
  const version = app.nextRelease
  const newRelease: NewRelease = {
    version,
    reason: 'deploy',
    processes: completeProcesses(source),
    codeOf: null,
    configOf: 'app',
    rotation: app.rotation ?? 0,
  }
  const before: Step[] = [{ kind: 'build', release: version, source: source.id }, { kind: 'database.ensure' }]
  if ('release' in newRelease.processes) before.push({ kind: 'release-phase', release: version })
  return { kind: 'deploy', app: app.name, newRelease, steps: replaceAll(app, newRelease, before) }
}

/** An image without a Procfile still has a command of its own; an empty one stands for it. */
function completeProcesses(source: { recipe: BuildRecipe; processes: Readonly<Record<string, string>> }) {
  const known = source.processes
  if ('web' in known || source.recipe.kind === 'node') return known
  if (source.recipe.kind === 'dockerfile' && Object.keys(known).some((name) => name !== 'release'))
    return known
  return { ...known, web: '' }
}

/** Code and configuration of an earlier release, as a new release. */
export function planRollback(app: AppSnapshot, wanted: number | null): Plan | Refusal {
  const current = app.release
  if (current === null) return refuse('apps.no_release', { app: app.name })
  const target =
    wanted === null
      ? app.usable.find(({ version }) => version < current.version)
      : app.usable.find(({ version }) => version === wanted)
  if (target === undefined)
    return refuse('apps.release_not_found', { app: app.name, release: wanted ?? current.version - 1 })
  const newRelease: NewRelease = {
    version: app.nextRelease,
    reason: `rollback to v${target.version}`,
    processes: target.processes,
    codeOf: target.version,
    configOf: target.version,
    rotation: app.rotation ?? 0,
  }
  // Code and configuration go back; the stack never does: its security updates are not the app's to undo.
  const before: Step[] = target.hasSlug ? [{ kind: 'restack', release: newRelease.version }] : []
  return { kind: 'rollback', app: app.name, newRelease, steps: replaceAll(app, newRelease, before) }
}

/** The same code with other configuration; before the first release there is nothing to do but to store it. */
export function planConfig(
  app: AppSnapshot,
  change: { set: readonly string[]; removed: readonly string[] },
): Plan | null {
  if (app.release === null) return null
  const parts = [
    ...(change.set.length > 0 ? [`set ${change.set.join(', ')}`] : []),
    ...(change.removed.length > 0 ? [`unset ${change.removed.join(', ')}`] : []),
  ]
  const newRelease = sameCode(app, app.release, parts.join('; '), 'given', app.rotation ?? 0)
  return { kind: 'config', app: app.name, newRelease, steps: replaceAll(app, newRelease, []) }
}

/** New database credentials, brought to the app by a new release of the same code. */
export function planRotation(app: AppSnapshot): Plan | Refusal {
  if (app.release === null) return refuse('apps.no_release', { app: app.name })
  if (app.rotation === null) return refuse('data.no_database', { app: app.name })
  const rotation = app.rotation + 1
  const newRelease = sameCode(app, app.release, 'new database credentials', 'app', rotation)
  const steps = replaceAll(app, newRelease, [{ kind: 'database.rotate', rotation }], rotation)
  return { kind: 'db-rotate', app: app.name, newRelease, steps }
}

/** Other numbers of instances; those that stay are not touched. */
export function planScale(app: AppSnapshot, wanted: Readonly<Record<string, number>>): Plan | Refusal {
  const { release } = app
  if (release === null) return refuse('apps.no_release', { app: app.name })
  const have = runnable(release.processes)
  const unknown = Object.keys(wanted).find((process) => !have.includes(process))
  if (unknown !== undefined)
    return refuse('apps.process_unknown', { app: app.name, process: unknown, have: have.join(', ') })
  const target = { release: release.version, epoch: app.epoch }
  const keep = instancesOf(release.processes, { ...app.formation, ...wanted }, target)
  const start = keep.filter((key) => !app.instances.some((one) => sameInstance(one, key)))
  const stop = app.instances.filter((one) => !keep.some((key) => sameInstance(one, key)))
  const steps = exchange(start, stop, { ...target, formation: wanted, rotation: null })
  return { kind: 'scale', app: app.name, newRelease: null, steps }
}

/** Every instance replaced by a new one of the same release. */
export function planRestart(app: AppSnapshot): Plan | Refusal {
  const { release } = app
  if (release === null) return refuse('apps.no_release', { app: app.name })
  const target = { release: release.version, epoch: app.epoch + 1 }
  const start = instancesOf(release.processes, app.formation, target)
  const steps = exchange(start, app.instances, { ...target, formation: {}, rotation: null })
  return { kind: 'restart', app: app.name, newRelease: null, steps }
}

/** The same release on the newest stack: every instance replaced, and no release made, for nothing of the app changes. */
export function planStack(app: AppSnapshot): Plan | Refusal {
  const plan = planRestart(app)
  if ('refused' in plan || app.release === null) return plan
  return {
    ...plan,
    kind: 'stack',
    steps: [{ kind: 'restack', release: app.release.version }, ...plan.steps],
  }
}

/** Everything that belongs to the app, removed. */
export function planDestroy(app: AppSnapshot): Plan {
  const steps: Step[] = [
    { kind: 'instances.stop', instances: app.instances },
    { kind: 'instances.gone' },
    { kind: 'database.drop' },
    { kind: 'host.clean' },
    { kind: 'forget' },
  ]
  return { kind: 'destroy', app: app.name, newRelease: null, steps }
}

/** A plan in words, one step a line. */
export function renderPlan(plan: Plan): string {
  return plan.steps.map((step, at) => `${at + 1}. ${describeStep(step)}`).join('\n')
}

const sameCode = (
  app: AppSnapshot,
  release: Release,
  reason: string,
  configOf: NewRelease['configOf'],
  rotation: number,
): NewRelease => ({
  version: app.nextRelease,
  reason,
  processes: release.processes,
  codeOf: release.version,
  configOf,
  rotation,
})

function replaceAll(
  app: AppSnapshot,
  release: NewRelease,
  before: readonly Step[],
  rotation: number | null = null,
): Step[] {
  const target = { release: release.version, epoch: app.epoch }
  const start = instancesOf(release.processes, app.formation, target)
  return [...before, ...exchange(start, app.instances, { ...target, formation: {}, rotation })]
}

/** Start first, drain before stop: at every moment enough instances can answer. */
function exchange(
  start: readonly InstanceKey[],
  stop: readonly InstanceKey[],
  commit: Omit<Extract<Step, { kind: 'commit' }>, 'kind'>,
): Step[] {
  const steps: Step[] = []
  if (start.length > 0) {
    steps.push({ kind: 'instances.start', instances: start })
    steps.push({ kind: 'instances.healthy', release: commit.release, instances: start })
  }
  if (start.length + stop.length > 0) steps.push({ kind: 'traffic.switch', serve: start, drain: stop })
  steps.push({ kind: 'commit', ...commit })
  if (stop.length > 0) {
    steps.push({ kind: 'instances.drain', instances: stop })
    steps.push({ kind: 'instances.stop', instances: stop })
  }
  return steps
}

/** Process types that are kept running. */
const runnable = (processes: Readonly<Record<string, string>>): string[] =>
  Object.keys(processes)
    .filter((process) => process !== 'release')
    .sort()

function instancesOf(
  processes: Readonly<Record<string, string>>,
  formation: Readonly<Record<string, number>>,
  target: { release: number; epoch: number },
): InstanceKey[] {
  return runnable(processes).flatMap((process) => {
    const preset = process === 'web' ? DEFAULT_WEB : DEFAULT_OTHER
    const count = Object.hasOwn(formation, process) ? (formation[process] ?? preset) : preset
    return Array.from({ length: count }, (_, at) => ({ process, index: at + 1, ...target }))
  })
}

/** Whether two keys name one instance. */
export const sameInstance = (a: InstanceKey, b: InstanceKey): boolean =>
  a.process === b.process && a.index === b.index && a.release === b.release && a.epoch === b.epoch
