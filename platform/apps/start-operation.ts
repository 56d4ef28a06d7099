import type { BuildRecipe } from '#contract/agent.ts'
import { type ErrorCode, MaruError } from '#contract/errors.ts'
import type { OperationId } from '#contract/ids.ts'
import type { Operation } from '#contract/operations.ts'
import { findRotation } from '#platform/data/index.ts'
import { checkFree, findRepeated, insertOperation } from '#platform/operations/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { loadFormation, lockApp, updateApp } from './app-store.ts'
import { listInstances } from './instance-store.ts'
import { OPERATION_JOB, operationJobOptions } from './operation-job.ts'
import { type AppSnapshot, type NewRelease, type Plan, type Refusal, renderPlan } from './plan.ts'
import { findRelease, insertRelease, listReleases, usableReleases } from './release-store.ts'
import type { AppRow, Db, ReleaseRow } from './tables.ts'

/** What a request brings to its plan. */
export interface Request {
  readonly appId: string
  readonly appName: string
  readonly createdBy: string
  /** Which keyed request this is: sent again, it gets the operation that it has started. */
  readonly requestKey?: string | undefined
  /** Reads what it needs in the transaction, and plans. Null: there is nothing to do. */
  plan(app: AppSnapshot, tx: Db, row: AppRow): Promise<Plan | Refusal | null> | Plan | Refusal | null
  /** For a deploy: how the new release is built. */
  readonly recipe?: BuildRecipe
  /** For a release whose configuration the request brings: sealed. */
  readonly config?: string
}

/**
 * Plans an operation and starts it, in one transaction that holds the app's row: what the plan was made from cannot
 * change under it, and operation, release and job exist together or not at all.
 */
export async function startOperation(deps: ServerDeps, request: Request): Promise<Operation | null> {
  return await transact(deps.db, async (tx) => {
    const app = await lockApp(tx, request.appId)
    if (app === undefined) throw new MaruError('apps.not_found', { app: request.appName })
    const before = await findRepeated(tx, app.id, request.requestKey)
    if (before !== undefined) return before
    await checkFree(tx, app.id)
    const plan = await request.plan(await loadSnapshot(tx, app), tx, app)
    if (plan === null) return null
    if ('refused' in plan) throw new MaruError(plan.refused satisfies ErrorCode, plan.params)
    if (plan.newRelease !== null) await insertPlanned(tx, app, plan.newRelease, request)
    return await enqueue(deps, tx, app, plan, request)
  })
}

/** The same, for requests that always have something to do. */
export async function mustStart(deps: ServerDeps, request: Request): Promise<Operation> {
  const operation = await startOperation(deps, request)
  if (operation === null) throw new Error(`nothing was planned for ${request.appName}`)
  return operation
}

async function enqueue(
  deps: ServerDeps,
  tx: Db,
  app: AppRow,
  plan: Plan,
  { createdBy, requestKey }: Request,
): Promise<Operation> {
  const id = randomId<OperationId>('op')
  const operation = await insertOperation(tx, {
    id,
    kind: plan.kind,
    appId: app.id,
    app: app.name,
    teamId: app.team_id,
    plan: renderPlan(plan),
    steps: plan.steps,
    release: plan.newRelease?.version ?? null,
    finalStep: finalStepOf(plan),
    createdBy,
    requestKey,
  })
  await deps.jobs.add(tx, OPERATION_JOB, { operationId: id }, operationJobOptions(id, app.id))
  return operation
}

/** What is before the commit can be taken back; what has none, such as a destruction, cannot. */
function finalStepOf({ steps }: Plan): number | null {
  const commit = steps.findIndex(({ kind }) => kind === 'commit')
  return commit === -1 ? null : commit
}

/** What planning needs to know about an app. */
export async function loadSnapshot(tx: Db, app: AppRow): Promise<AppSnapshot> {
  const releases = await listReleases(tx, app.id)
  const known = releases.map(knownOf)
  const instances = await listInstances(tx, [app.id])
  return {
    name: app.name,
    release: known.find(({ version }) => version === app.release) ?? null,
    epoch: app.epoch,
    nextRelease: app.next_release,
    usable: usableReleases(releases).map(knownOf),
    formation: await loadFormation(tx, app.id),
    // One that moves is in two places, and is still one.
    instances: instances
      .filter(({ leaving_since }) => leaving_since === null)
      .map(({ process, index, release, epoch }) => ({ process, index, release, epoch })),
    rotation: await findRotation(tx, app.id),
  }
}

const knownOf = ({ version, processes, slug_file }: ReleaseRow) => ({
  version,
  processes,
  hasSlug: slug_file !== null,
})

async function insertPlanned(tx: Db, app: AppRow, planned: NewRelease, request: Request): Promise<void> {
  const code = planned.codeOf === null ? undefined : await findRelease(tx, app.id, planned.codeOf)
  const recipe = code?.recipe ?? request.recipe
  if (recipe === undefined) throw new Error(`release v${planned.version} has no code`)
  await insertRelease(tx, {
    app_id: app.id,
    version: planned.version,
    state: code === undefined ? 'building' : 'starting',
    reason: planned.reason,
    created_by: request.createdBy,
    recipe,
    processes: planned.processes,
    config_sealed: await configOf(tx, app, planned, request),
    database_rotation: planned.rotation,
    ...codeColumns(code),
  })
  await updateApp(tx, app.id, { next_release: planned.version + 1 })
}

const codeColumns = (code: ReleaseRow | undefined) => ({
  image: code?.image ?? null,
  stack: code?.stack ?? null,
  slug_file: code?.slug_file ?? null,
  slug_bytes: code?.slug_bytes ?? null,
  built_on: code?.built_on ?? null,
})

async function configOf(tx: Db, app: AppRow, planned: NewRelease, request: Request): Promise<string | null> {
  if (planned.configOf === 'app') return app.config_sealed
  if (planned.configOf === 'given') return request.config ?? null
  return (await findRelease(tx, app.id, planned.configOf))?.config_sealed ?? null
}
