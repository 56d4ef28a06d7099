import { MaruError } from '#contract/errors.ts'
import { stackTags } from '#images/build-images.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import { type Docker, makeDocker } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import { runIn } from './enter.ts'
import { hostSocket, requireRunning } from './host.ts'
import { waitFor } from './keeper.ts'
import { type Lab, PROGRAM_DIR } from './lab.ts'
import type { HostPlan } from './plan.ts'

const ENGINE_TIMEOUT_MS = 60_000

/** Those of the tags that an engine has; none where it is away or not installed. */
async function present(docker: Docker, tags: readonly string[]): Promise<string[]> {
  try {
    const found = await Promise.all(tags.map((tag) => docker.images.find(tag)))
    return tags.filter((_, at) => found[at] !== undefined)
  } catch (error) {
    if (error instanceof MaruError && error.code === 'hosts.engine_unavailable') return []
    throw error
  }
}

/** The engine of a host that runs, reached from outside. */
export const engineOf = async (lab: Lab, host: HostPlan) =>
  makeDocker(hostSocket(await requireRunning(lab, host)))

async function startEngine(lab: Lab, host: HostPlan): Promise<Docker> {
  const node = [process.execPath, `${PROGRAM_DIR}/platform/hosts/engine-at-boot.ts`]
  const started = await runIn(lab, host.name, node)
  if (started.exitCode !== 0) throw new Error(started.stderr.trim())
  const docker = await engineOf(lab, host)
  await waitFor(
    `the engine of ${host.name}`,
    async () => {
      try {
        await docker.ping()
        return true
      } catch (error) {
        if (error instanceof MaruError && error.code === 'hosts.engine_unavailable') return undefined
        throw error
      }
    },
    ENGINE_TIMEOUT_MS,
  )
  return docker
}

/**
 * Gives a host the stack images of this program that this machine's engine has, so that `up` there has nothing to build.
 * Gives how many it did not have; none where this machine has no engine or no images.
 */
export async function giveImages(lab: Lab, host: HostPlan): Promise<number> {
  if (!(await exists(DOCKER_SOCKET))) return 0
  const own = makeDocker(DOCKER_SOCKET)
  const tags = await present(own, await stackTags(PROGRAM_DIR))
  if (tags.length === 0) return 0
  const docker = await startEngine(lab, host)
  const have = new Set(await present(docker, tags))
  const missing = tags.filter((tag) => !have.has(tag))
  if (missing.length === 0) return 0
  await docker.images.load(await own.images.save(missing))
  for (const tag of missing) await docker.images.tag(tag, tag.replace(/:.*/, ':latest'))
  return missing.length
}
