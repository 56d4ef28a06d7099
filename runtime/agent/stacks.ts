import type { HostStacks } from '#contract/host-stacks.ts'
import type { AppId } from '#contract/ids.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { listStacks } from '#images/node-stacks.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import { INSTANCE_COMPONENT } from './instance-spec.ts'

/** The stacks of this host, and the apps whose running instances do not stand on a newest one: seen in their layers. */
export async function readStacks(docker: Docker, config: AgentConfig): Promise<HostStacks> {
  const stacks = await listStacks(docker, config.images.app)
  const newest = stacks.newest.flatMap(({ image }) => (image === null ? [] : [image]))
  const bottoms = await Promise.all(newest.map((image) => layersOf(docker, image)))
  const containers = await docker.containers.list({
    [LABELS.owner]: config.installation.id,
    [LABELS.component]: INSTANCE_COMPONENT,
  })
  const behind = new Set<string>()
  const seen = new Map<string, boolean>()
  for (const { imageId, labels, state } of containers) {
    if (state !== 'running') continue
    if (!seen.has(imageId)) seen.set(imageId, standsOn(await layersOf(docker, imageId), bottoms))
    if (seen.get(imageId) === false) behind.add(labels[LABELS.appId] ?? '')
  }
  return { ...stacks, behind: [...behind].sort() as AppId[] }
}

const layersOf = async (docker: Docker, image: string) => (await docker.images.find(image))?.layers ?? []

/** Whether an image begins with all layers of one of these. */
export const standsOn = (layers: readonly string[], bottoms: ReadonlyArray<readonly string[]>): boolean =>
  bottoms.some((bottom) => bottom.length > 0 && bottom.every((layer, at) => layers[at] === layer))
