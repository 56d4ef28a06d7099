import { createHash } from 'node:crypto'
import type { HostStacks } from '#contract/host-stacks.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { IMAGE_LABEL } from './build-images.ts'
import { DEFAULT_NODE_MAJOR, NODES, type NodeRelease } from './nodes.ts'

/** Tag of the app stack with another Node: of the stack below it and of that Node, so that either makes a new one. */
export function nodeStackTag(release: NodeRelease, major: number, baseId: string): string {
  const hash = createHash('sha256').update(`${baseId} ${release.integrity}`).digest('hex').slice(0, 12)
  return `maru/app-node${major}:${hash}`
}

/** The app stacks on this host: what the next release gets, and every one that is there. */
export async function listStacks(
  docker: Docker,
  appImage: string,
): Promise<Pick<HostStacks, 'newest' | 'known'>> {
  const all = await docker.images.list({})
  const stacks = all.filter(({ labels }) => /^app(-node\d+)?$/.test(labels[IMAGE_LABEL] ?? ''))
  const usual = stacks.find(({ id }) => id === appImage)
  if (usual === undefined) return { newest: [], known: [] }
  const newest = Object.entries(NODES).map(([name, release]) => {
    const nodeMajor = Number(name)
    const isUsual = nodeMajor === DEFAULT_NODE_MAJOR
    const tag = nodeStackTag(release, nodeMajor, appImage)
    const found = isUsual ? usual : stacks.find(({ tags }) => tags.includes(tag))
    // One that is still to be made is as new as what it will stand on.
    return {
      nodeMajor,
      usual: isUsual,
      image: found?.id ?? null,
      madeAt: (found ?? usual).createdAt.toISOString(),
    }
  })
  return {
    newest,
    known: stacks.map(({ id, createdAt }) => ({ image: id, madeAt: createdAt.toISOString() })),
  }
}
