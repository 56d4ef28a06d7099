import { abandonRotation, beginRotation, dropDatabase, ensureDatabase } from '#platform/data/index.ts'
import { listHosts, mayAnswer } from '#platform/fleet/index.ts'
import { forgetFigures } from '#platform/metrics/index.ts'
import { publish } from '#platform/workload/index.ts'
import { transact } from '#runtime/server/transact.ts'
import { deleteApp } from '../app-store.ts'
import { listSources } from '../source-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'
import { applyBuild, removeSource, undoBuild } from './build.ts'
import { applyCommit } from './commit.ts'
import { applyDrain, applyGone, applyHealthy, applyStart, applyStop } from './instances.ts'
import { applyReleasePhase } from './release-phase.ts'
import { applyRestack, undoRestack } from './restack.ts'
import { applySwitch, undoSwitch } from './traffic.ts'

/** Carries a step out. Every step may be carried out again after it was cut off, or after it was complete. */
export async function applyStep(step: Step, context: StepContext): Promise<void> {
  const { deps, operation } = context
  switch (step.kind) {
    case 'build':
      return await applyBuild(step, context)
    case 'restack':
      return await applyRestack(step, context)
    case 'database.ensure':
      return await ensureDatabase(deps, operation.app_id)
    case 'database.rotate':
      return await beginRotation(deps, operation.app_id, step.rotation)
    case 'release-phase':
      return await applyReleasePhase(step, context)
    case 'instances.start':
      return await applyStart(step, context)
    case 'instances.healthy':
      return await applyHealthy(step, context)
    case 'traffic.switch':
      return await applySwitch(step, context)
    case 'commit':
      return await applyCommit(step, context)
    case 'instances.drain':
      return await applyDrain(step, context)
    case 'instances.stop':
      return await applyStop(step, context)
    case 'instances.gone':
      return await applyGone(context)
    case 'database.drop':
      return await dropDatabase(deps, operation.app_id)
    case 'host.clean':
      return await cleanHosts(context)
    case 'forget':
      return await forgetApp(context)
  }
}

/** Takes back what a step did, or began to do. What is not here leaves nothing behind that could do harm. */
export async function undoStep(step: Step, context: StepContext): Promise<void> {
  if (step.kind === 'build') await undoBuild(step, context)
  if (step.kind === 'restack') await undoRestack(step, context)
  if (step.kind === 'database.rotate')
    await abandonRotation(context.deps, context.operation.app_id, step.rotation)
  if (step.kind === 'instances.start') await applyStop(step, context)
  if (step.kind === 'traffic.switch') await undoSwitch(step, context)
}

/**
 * The control plane's own host has to be clean, or this is tried again. Another that is away removes by itself what its
 * state does not name.
 */
async function cleanHosts({ deps, operation }: StepContext): Promise<void> {
  const hosts = await listHosts(deps.db)
  await deps.agents.first.removeApp(operation.app_id)
  for (const host of hosts) {
    const { name } = host
    if (name === deps.config.host.name || !mayAnswer(host)) continue
    await deps.agents
      .of(name)
      .removeApp(operation.app_id)
      .catch((error: unknown) => deps.log.warn('apps.host_not_cleaned', { host: name, error }))
  }
}

/** The key goes first: from then on what is left, in backups too, can no longer be read. */
async function forgetApp({ deps, operation }: StepContext): Promise<void> {
  for (const source of await listSources(deps.db, operation.app_id)) await removeSource(deps, source)
  await deps.secrets.forget(operation.app_id)
  await transact(deps.db, async (tx) => {
    await deleteApp(tx, operation.app_id)
    await forgetFigures(tx, operation.app_id)
    await publish(tx)
  })
}
