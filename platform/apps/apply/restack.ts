import { MaruError } from '#contract/errors.ts'
import type { RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import { publish } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { hostsForCode } from '../hosts-with-code.ts'
import { builtOn, dropNext, findRelease, saveRestack } from '../release-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'
import type { ReleaseRow } from '../tables.ts'

type RestackStep = Extract<Step, { kind: 'restack' }>

/** Has a host put the release's slug on the newest stack; what serves is not touched. */
export async function applyRestack(
  { release: version }: RestackStep,
  { deps, operation }: StepContext,
): Promise<void> {
  const { app_id: appId, app_name: app } = operation
  const release = await findRelease(deps.db, appId, version)
  // What was made before an interruption is good enough: the next roll sees a stack that is newer still.
  if (release === undefined || release.slug_file === null || release.next_image !== null) return
  if (release.image === null) return
  const { host, made } = await restackSomewhere(deps, release, {
    app,
    appId: appId as RestackRequest['appId'],
    release: version,
    slug: release.slug_file,
    image: release.image,
    stack: release.stack,
    nodeMajor: release.recipe.kind === 'node' ? release.recipe.nodeMajor : null,
  })
  if (made.image === null && host === builtOn(deps, release)) return
  await transact(deps.db, async (tx) => {
    await saveRestack(tx, appId, version, host, made)
    // From now on the host is told to keep the image.
    await publish(tx)
  })
}

/** On the host that has built it or, where that is gone or silent, on one that has its image. */
async function restackSomewhere(
  deps: ServerDeps,
  release: ReleaseRow,
  request: RestackRequest,
): Promise<{ host: HostName; made: RestackResult }> {
  for (const host of await hostsForCode(deps, release)) {
    try {
      return { host, made: await deps.agents.of(host).restack(request) }
    } catch (error) {
      if (!(error instanceof MaruError && error.code === 'hosts.image_not_found')) throw error
    }
  }
  throw new MaruError('stacks.builder_gone', { app: request.app, host: builtOn(deps, release) })
}

/** The image that never served is given up. */
export async function undoRestack({ release }: RestackStep, { deps, operation }: StepContext): Promise<void> {
  await transact(deps.db, async (tx) => {
    await dropNext(tx, operation.app_id, release)
    await publish(tx)
  })
}
