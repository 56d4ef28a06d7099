import type { HostReport } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { publish, waitForReport } from '#platform/workload/index.ts'
import { transact } from '#runtime/server/transact.ts'
import { setTraffic } from '../instance-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'

type SwitchStep = Extract<Step, { kind: 'traffic.switch' }>

/** Sends requests to the new instances, and waits until the edge does so. */
export async function applySwitch(step: SwitchStep, { deps, operation, signal }: StepContext): Promise<void> {
  const wanted = await transact(deps.db, async (tx) => {
    await setTraffic(tx, operation.app_id, step.serve, 'serve')
    await setTraffic(tx, operation.app_id, step.drain, 'drain')
    return await publish(tx)
  })
  const deadline = new Date(deps.now().getTime() + APP_LIMITS.healthyTimeoutS * 1000)
  const judge = (report: HostReport) => (report.generation >= wanted ? true : undefined)
  const applied = await waitForReport(deps, deps.config.host.name, judge, deadline, signal)
  if (applied === undefined)
    throw new MaruError('apps.interrupted', { reason: 'the host did not switch the requests over in time' })
}

/** Sends requests to the old instances again. */
export async function undoSwitch(step: SwitchStep, { deps, operation }: StepContext): Promise<void> {
  await transact(deps.db, async (tx) => {
    await setTraffic(tx, operation.app_id, step.drain, 'serve')
    await setTraffic(tx, operation.app_id, step.serve, 'drain')
    await publish(tx)
  })
}
