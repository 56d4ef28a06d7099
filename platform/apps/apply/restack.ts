import { MaruError } from '#contract/errors.ts'
import type { RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import { publish } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { hostsToAsk } from '../hosts-with-code.ts'
import { builtOn, dropNext, findRelease, saveNext } from '../release-store.ts'
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
  const { host, made } = await restackSomewhere(deps, release, {
    app,
    appId: appId as RestackRequest['appId'],
    release: version,
    slug: release.slug_file,
    stack: release.stack,
    nodeMajor: release.recipe.kind === 'node' ? release.recipe.nodeMajor : null,
  })
  if (made.image === null) return
  const next = { ...made, image: made.image, host }
  await transact(deps.db, async (tx) => {
    await saveNext(tx, appId, version, next)
    // From now on the host is told to keep the image.
    await publish(tx)
  })
}

/** On the host that has built it or, where that is gone or silent, on one that has its image and makes one of its own. */
async function restackSomewhere(
  deps: ServerDeps,
  release: ReleaseRow,
  request: RestackRequest,
): Promise<{ host: HostName; made: RestackResult }> {
  const built = builtOn(deps, release)
  const { asked, silent } = await hostsToAsk(deps, release)
  let away: unknown = silent && new MaruError('unreachable', { what: `The host ${silent}` })
  for (const host of asked) {
    try {
      const stack = host === built ? request.stack : null
      return { host, made: await deps.agents.of(host).restack({ ...request, stack }) }
    } catch (error) {
      if (isMaruError(error, 'unreachable')) away ??= error
      else if (!isMaruError(error, 'hosts.image_not_found')) throw error
    }
  }
  throw away ?? new MaruError('stacks.code_gone', { app: request.app, host: built })
}

const isMaruError = (error: unknown, code: MaruError['code']) =>
  error instanceof MaruError && error.code === code

/** The image that never served is given up. */
export async function undoRestack({ release }: RestackStep, { deps, operation }: StepContext): Promise<void> {
  await transact(deps.db, async (tx) => {
    await dropNext(tx, operation.app_id, release)
    await publish(tx)
  })
}
