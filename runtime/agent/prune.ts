import type { WorkloadConfig } from '#contract/agent.ts'
import { type Docker, type EngineImage, LABELS } from '#runtime/drivers/docker.ts'

/**
 * Images of apps that no release needs any more. Where apps are built, an image of a newer release than any that runs may
 * belong to a deploy under way, and so may that of an app of which nothing runs: they stay.
 */
export function surplusImages(
  workload: WorkloadConfig,
  images: readonly EngineImage[],
  builds: boolean,
): EngineImage[] {
  return images.filter((image) => {
    const app = workload.apps.find(({ appId }) => appId === image.labels[LABELS.appId])
    if (app === undefined || app.newestRelease === null) return !builds
    const release = Number(image.labels[LABELS.release] ?? Number.POSITIVE_INFINITY)
    const used = new Set([...app.keepImages, ...app.instances.map((one) => one.image)])
    return (
      (!builds || release <= app.newestRelease) &&
      !used.has(image.id) &&
      !image.tags.some((tag) => used.has(tag))
    )
  })
}

/** Removes them; those that the engine still needs stay until a later time. Gives how many went. */
export async function pruneImages(
  docker: Docker,
  owner: string,
  workload: WorkloadConfig,
  builds: boolean,
): Promise<number> {
  const images = await docker.images.list({ [LABELS.owner]: owner })
  const surplus = surplusImages(workload, images, builds)
  const gone = await Promise.all(surplus.map(({ id }) => docker.images.remove(id)))
  return gone.filter(Boolean).length
}

/** Removes everything of an app that was destroyed and that the engine keeps: containers, images, caches. */
export async function removeApp(docker: Docker, owner: string, appId: string): Promise<void> {
  const labels = { [LABELS.owner]: owner, [LABELS.appId]: appId }
  for (const { id } of await docker.containers.list(labels)) await docker.containers.remove(id)
  for (const { id } of await docker.images.list(labels)) await docker.images.remove(id, { force: true })
  for (const name of await docker.volumes.list(labels)) await docker.volumes.remove(name)
}
