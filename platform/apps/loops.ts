import { type Loops, registerFirstHost } from '#platform/fleet/index.ts'
import { startWorkload } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { hurryJobs } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { adoptOld } from './instance-store.ts'
import { resumeOperations } from './jobs.ts'
import { startPlaces } from './keep-places.ts'
import { loadWorkload } from './load-workload.ts'
import { OPERATION_JOB } from './operation-job.ts'
import { startSupply } from './supply-images.ts'
import { removeStrayFiles, scheduleSweep } from './sweep.ts'

const HURRY_MS = 15_000

/** Takes up what an earlier control plane left, and keeps the hosts' apps as they are wanted. */
export async function appLoops(deps: ServerDeps): Promise<Loops> {
  if (deps.config.host.first) {
    await registerFirstHost(deps)
    await transact(deps.db, (tx) => adoptOld(tx, deps.config.host.name))
  }
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

const STRAYS_EVERY_MS = 60 * 60 * 1000

/** Of each control plane: uploaded files that nothing knows are removed from its own disk. */
export function strayFilesLoop(deps: ServerDeps): Loops {
  const sweep = () =>
    removeStrayFiles(deps).catch((error: unknown) => deps.log.warn('apps.strays_not_removed', { error }))
  const sweeping = setInterval(sweep, STRAYS_EVERY_MS).unref()
  return { stop: async () => clearInterval(sweeping) }
}
