import type { RestackRequest } from '#contract/host-stacks.ts'
import { publish } from '#platform/workload/index.ts'
import { transact } from '#runtime/server/transact.ts'
import { builtOn, findRelease, saveNext } from '../release-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'

type RestackStep = Extract<Step, { kind: 'restack' }>

/** Has the host put the release's slug on the newest stack; what serves is not touched. */
export async function applyRestack(
  { release: version }: RestackStep,
  { deps, operation }: StepContext,
): Promise<void> {
  const release = await findRelease(deps.db, operation.app_id, version)
  // What was made before an interruption is good enough: the next roll sees a stack that is newer still.
  if (release === undefined || release.slug_file === null || release.next_image !== null) return
  const { image, stack } = await deps.agents.of(builtOn(deps, release)).restack({
    app: operation.app_name,
    appId: operation.app_id as RestackRequest['appId'],
    release: version,
    slug: release.slug_file,
    stack: release.stack,
    nodeMajor: release.recipe.kind === 'node' ? release.recipe.nodeMajor : null,
  })
  if (image === null) return
  await transact(deps.db, async (tx) => {
    await saveNext(tx, operation.app_id, version, { image, stack })
    // From now on the host is told to keep the image.
    await publish(tx)
  })
}

/** The image that never served is given up. */
export async function undoRestack({ release }: RestackStep, { deps, operation }: StepContext): Promise<void> {
  await transact(deps.db, async (tx) => {
    await saveNext(tx, operation.app_id, release, null)
    await publish(tx)
  })
}
