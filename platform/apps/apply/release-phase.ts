import type { AgentRunRequest } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { argvOf } from '#platform/workload/index.ts'
import { read } from '#runtime/server/transact.ts'
import { loadEnvironment } from '../environment.ts'
import { hostForRun } from '../hosts-with-code.ts'
import { followOneOff } from '../one-off.ts'
import { findRelease } from '../release-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'

/**
 * Runs the release command once. Nobody knows how far it came when it was interrupted (it may be half through a
 * migration), so it is never run a second time by itself: the operation is rolled back and says so.
 */
export async function applyReleasePhase(
  step: Extract<Step, { kind: 'release-phase' }>,
  context: StepContext,
): Promise<void> {
  const { deps, operation } = context
  if (context.resumed)
    throw new MaruError('apps.interrupted', {
      reason: 'nobody saw the release command end',
    })
  const release = await read(() => findRelease(deps.db, operation.app_id, step.release))
  if (release?.image == null) throw new Error(`release ${step.release} has no image`)
  const request: AgentRunRequest = {
    kind: 'app',
    app: operation.app_name,
    appId: operation.app_id as AgentRunRequest['appId'],
    release: step.release,
    image: release.image,
    command: argvOf(release.processes.release ?? ''),
    env: await read(() =>
      loadEnvironment(deps, { id: operation.app_id, name: operation.app_name }, release, 'release'),
    ),
    tty: false,
    columns: 80,
    rows: 24,
    timeoutS: APP_LIMITS.releasePhaseTimeoutS,
  }
  const stream = await deps.agents.of(await hostForRun(deps, release)).run(request)
  const exitCode = await followOneOff(stream, (line) => context.log('release', line), context.signal)
  if (exitCode !== 0) throw new MaruError('apps.release_phase_failed', { exitCode })
}
