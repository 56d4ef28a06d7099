import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildEvent, BuildRequest, BuildResult } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import { publish } from '#platform/workload/index.ts'
import { transact } from '#runtime/server/transact.ts'
import { openConfig } from '../config.ts'
import { findRelease, saveBuild } from '../release-store.ts'
import { deleteSource, getSource } from '../source-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'
import type { SourceRow } from '../tables.ts'

type BuildStep = Extract<Step, { kind: 'build' }>

/** Has the host build the source, and keeps what it made. The source is not needed afterwards. */
export async function applyBuild(step: BuildStep, context: StepContext): Promise<void> {
  const { deps, operation } = context
  const release = await findRelease(deps.db, operation.app_id, step.release)
  if (release === undefined || release.image !== null) return await undoBuild(step, context)
  const source = await getSource(deps.db, operation.app_id, step.source)
  const request: BuildRequest = {
    app: operation.app_name,
    appId: operation.app_id as BuildRequest['appId'],
    release: step.release,
    source: source.file,
    recipe: source.recipe,
    env: await openConfig(deps, operation.app_id, release.config_sealed),
  }
  const host = source.host ?? deps.config.host.name
  const agent = deps.agents.of(host as HostName)
  const result = await followBuild(agent.build(request, context.signal), context)
  await transact(deps.db, async (tx) => {
    await saveBuild(tx, operation.app_id, step.release, result, host)
    // From now on the host is told to keep the image.
    await publish(tx)
  })
  await removeSource(deps, source)
}

async function followBuild(events: AsyncIterable<BuildEvent>, context: StepContext): Promise<BuildResult> {
  for await (const event of events) {
    if (event.type === 'log') await context.log('build', event.line)
    else if (event.type === 'failed') throw MaruError.fromBody({ error: event.error })
    else return event.result
  }
  context.signal.throwIfAborted()
  throw new MaruError('apps.build_failed', { reason: 'the host stopped it before it was complete' })
}

/** The source of a build that is over. */
export async function undoBuild(step: BuildStep, { deps, operation }: StepContext): Promise<void> {
  const source = await getSource(deps.db, operation.app_id, step.source).catch(ignoreAbsent)
  if (source !== undefined) await removeSource(deps, source)
}

function ignoreAbsent(error: unknown): undefined {
  if (error instanceof MaruError && error.code === 'apps.source_not_found') return undefined
  throw error
}

/**
 * Removes an uploaded source: the file first, so that a row remains for as long as there is a file. On another host its
 * control plane finds that nothing knows the file any more.
 */
export async function removeSource(deps: StepContext['deps'], source: SourceRow): Promise<void> {
  await rm(join(deps.config.artifactsDir, 'sources', source.file), { force: true })
  await transact(deps.db, (tx) => deleteSource(tx, source.id))
}
