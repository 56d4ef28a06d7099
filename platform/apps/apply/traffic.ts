import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { type HostReports, isFresh, publish, waitForReports } from '#platform/workload/index.ts'
import { transact } from '#runtime/server/transact.ts'
import { setTraffic } from '../instance-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'

type SwitchStep = Extract<Step, { kind: 'traffic.switch' }>

/** Sends requests to the new instances, and waits until every edge does so. A host that is silent keeps nobody waiting. */
export async function applySwitch(step: SwitchStep, { deps, operation, signal }: StepContext): Promise<void> {
  const wanted = await transact(deps.db, async (tx) => {
    await setTraffic(tx, operation.app_id, step.serve, 'serve')
    await setTraffic(tx, operation.app_id, step.drain, 'drain')
    return await publish(tx)
  })
  const deadline = new Date(deps.now().getTime() + APP_LIMITS.healthyTimeoutS * 1000)
  const judge = (reports: HostReports) => {
    const heard = [...reports.values()].filter((received) => isFresh(received, deps.now()))
    return heard.length > 0 && heard.every(({ report }) => report.generation >= wanted) ? true : undefined
  }
  const applied = await waitForReports(deps, judge, deadline, signal)
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
