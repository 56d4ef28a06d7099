import type { BuildEvent, BuildRequest } from '#contract/agent.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import type { BuildDeps } from './build-context.ts'

export type { BuildDeps, BuildLimits } from './build-context.ts'
export type { DetectedApp } from './detect.ts'
export type { LayerRequest } from './layer-image.ts'
export { type PackedSource, packSource } from './pack.ts'
export { type ReceivedSource, receiveSource } from './receive.ts'
export { SOURCE_LIMITS, type SourceLimits } from './source-limits.ts'

/** Builds a source into an image on this host. Loaded when it is used: the CLI needs only `packSource`. */
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

/** Removes all slugs of an app. */
export const removeSlugs = async (home: string, appId: string): Promise<void> =>
  (await import('./slug-store.ts')).removeSlugs(home, appId)

/** Removes the slugs of images that are gone: of releases that can no longer be rolled back to. */
export async function pruneSlugs(docker: Docker, owner: string, home: string, now: Date): Promise<number> {
  const { removeStraySlugs, SLUG_LABEL } = await import('./slug-store.ts')
  const images = await docker.images.list({ [LABELS.owner]: owner })
  return await removeStraySlugs(home, new Set(images.map(({ labels }) => labels[SLUG_LABEL] ?? '')), now)
}
