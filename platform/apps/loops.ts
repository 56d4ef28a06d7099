import { registerFirstHost } from '#platform/fleet/index.ts'
import { type Loops, startWorkload } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { hurryJobs } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { adoptInstances } from './instance-store.ts'
import { resumeOperations } from './jobs.ts'
import { startPlaces } from './keep-places.ts'
import { loadWorkload } from './load-workload.ts'
import { OPERATION_JOB } from './operation-job.ts'
import { startSupply } from './supply-images.ts'
import { scheduleSweep } from './sweep.ts'

const HURRY_MS = 15_000

/** Takes up what an earlier control plane left, and keeps the host's apps as they are wanted. */
export async function appLoops(deps: ServerDeps): Promise<Loops> {
  await registerFirstHost(deps)
  await transact(deps.db, (tx) => adoptInstances(tx, deps.config.host.name))
  await resumeOperations(deps)
  await scheduleSweep(deps)
  const workload = startWorkload(deps, loadWorkload)
  const images = startSupply(deps)
  const places = startPlaces(deps)
  const hurrying = setInterval(() => {
    hurryJobs(deps.db, OPERATION_JOB).catch((error: unknown) => deps.log.warn('apps.hurry_failed', { error }))
  }, HURRY_MS)
  return {
    async stop() {
      clearInterval(hurrying)
      await Promise.all([workload.stop(), images.stop(), places.stop()])
    },
  }
}
