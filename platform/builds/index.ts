import type { BuildEvent, BuildRequest } from '#contract/agent.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { BuildDeps } from './build-context.ts'

export type { BuildDeps, BuildLimits } from './build-context.ts'
export type { DetectedApp } from './detect.ts'
export type { LayerRequest } from './layer-image.ts'
export { type PackedSource, packSource } from './pack.ts'
export type { ReceivedSource } from './receive.ts'
export { SOURCE_LIMITS, type SourceLimits } from './source-limits.ts'

// What follows is loaded when it is used: the CLI needs only `packSource`, and half of its time to start was the rest.

/** Takes an uploaded source in, checked while it streams. */
export const receiveSource = async (...args: Parameters<typeof import('./receive.ts').receiveSource>) =>
  (await import('./receive.ts')).receiveSource(...args)

/** Builds a source into an image on this host. */
export async function runBuild(
  request: BuildRequest,
  deps: BuildDeps,
  emit: (event: BuildEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { runBuild: run } = await import('./run-build.ts')
  await run(request, deps, emit, signal)
}

/** Puts an existing slug on a stack, such as a newer one. */
export const layerImage = async (...args: Parameters<typeof import('./layer-image.ts').layerImage>) =>
  (await import('./layer-image.ts')).layerImage(...args)

/** Puts a slug on the newest stack of its kind, without a build. */
export const restackSlug = async (...args: Parameters<typeof import('./restack.ts').restackSlug>) =>
  (await import('./restack.ts')).restackSlug(...args)

/** An image as another host loads it, and the other way round. */
export const exportImage = async (...args: Parameters<typeof import('./image-archive.ts').exportImage>) =>
  (await import('./image-archive.ts')).exportImage(...args)
export const importImage = async (...args: Parameters<typeof import('./image-archive.ts').importImage>) =>
  (await import('./image-archive.ts')).importImage(...args)

/** Removes all slugs of an app. */
export const removeSlugs = async (home: string, appId: string): Promise<void> =>
  (await import('./slug-store.ts')).removeSlugs(home, appId)

/** Removes the slugs of images that are gone: of releases that can no longer be rolled back to. Gives how many. */
export const pruneSlugs = async (docker: Docker, owner: string, home: string, now: Date): Promise<number> =>
  (await import('./slug-store.ts')).pruneSlugs(docker, owner, home, now)
