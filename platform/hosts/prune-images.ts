import { join } from 'node:path'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { IMAGE_LABEL } from '#images/build-images.ts'
import type { Docker, EngineImage } from '#runtime/drivers/docker.ts'
import { readJson } from '#runtime/drivers/files.ts'
import { homeOfInstallation, installationNames } from './registry.ts'

/** So many of each name stay: the present one, and the one before for the way back. */
const KEPT = 2

type Image = Pick<EngineImage, 'id' | 'tags' | 'labels' | 'createdAt'>

/** Tags of stack images that newer ones have replaced and that no installation names any more. */
export function surplusTags(images: readonly Image[], used: ReadonlySet<string>): string[] {
  const ours = images.filter(({ labels }) => labels[IMAGE_LABEL] !== undefined)
  const byName = Map.groupBy(ours, ({ labels }) => labels[IMAGE_LABEL] ?? '')
  return [...byName.values()].flatMap((group) =>
    group
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
      .slice(KEPT)
      .filter(({ id }) => !used.has(id))
      .flatMap(({ tags }) => tags.filter((tag) => tag.startsWith('maru/'))),
  )
}

/** Removes stack images that nobody needs any more. Gives what went. */
export async function pruneStackImages(docker: Docker): Promise<string[]> {
  const used = await imagesInUse()
  const removed: string[] = []
  for (const tag of surplusTags(await docker.images.list({}), used)) {
    if (await docker.images.remove(tag)) removed.push(`remove image ${tag} (replaced)`)
  }
  return removed
}

/** Every id that some installation's files name, whether it runs now or not. */
async function imagesInUse(): Promise<Set<string>> {
  const used = new Set<string>()
  for (const name of await installationNames()) {
    const home = await homeOfInstallation(name)
    if (home === undefined) continue
    const platform = (await readJson(join(home, HOME.platform))) as { containers?: Array<{ image: string }> }
    const agent = (await readJson(join(home, HOME.agent, 'config.json'))) as Partial<AgentConfig> | undefined
    for (const { image } of platform?.containers ?? []) used.add(image)
    for (const image of Object.values(agent?.images ?? {})) used.add(image)
  }
  return used
}
