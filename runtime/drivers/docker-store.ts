import { createHash } from 'node:crypto'
import { copyFile, cp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ensureFolder, readText } from './files.ts'

/**
 * The images of an engine as they lie on its disk, where it stacks layers with the driver overlay2 (every Docker Engine
 * that Debian has). Layers never change once they are there, so that two engines can have the same files.
 */
export const STORE_DRIVER = 'overlay2'
const IMAGES = join('image', STORE_DRIVER)
/** The last file that is written: without it a store is not whole. */
export const STORE_INDEX = join(IMAGES, 'repositories.json')

export interface StoredImage {
  /** `sha256:…` */
  readonly id: string
  readonly tags: readonly string[]
}

const ImageConfig = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) })

const hexOf = (digest: string) => digest.replace(/^sha256:/, '')

/** The names of an image's layers in the store, each of which stands for itself and all below it. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = []
  for (const diffId of diffIds) {
    const below = chains.at(-1)
    const digest =
      below === undefined ? diffId : createHash('sha256').update(`${below} ${diffId}`).digest('hex')
    chains.push(below === undefined ? digest : `sha256:${digest}`)
  }
  return chains
}

/**
 * Gives a store that no engine uses yet these images of another one. `linkTrees` makes each folder of a layer anew with the
 * very files of the other; gives an engine that starts on it nothing to unpack.
 */
export async function shareImages(
  from: string,
  to: string,
  images: readonly StoredImage[],
  linkTrees: (pairs: ReadonlyArray<readonly [from: string, to: string]>) => Promise<void>,
): Promise<void> {
  for (const name of ['image', STORE_DRIVER]) await rm(join(to, name), { recursive: true, force: true })
  const chains = new Set<string>()
  for (const { id } of images) for (const chain of await copyImage(from, to, id)) chains.add(chain)
  await ensureFolder(join(to, STORE_DRIVER, 'l'), 0o710)
  const trees = await Promise.all([...chains].map((chain) => copyLayer(from, to, hexOf(chain))))
  await linkTrees(trees)
  await writeFile(join(to, STORE_INDEX), JSON.stringify(indexOf(images)), { mode: 0o600 })
}

/** An image's own description; gives the names of its layers. */
async function copyImage(from: string, to: string, id: string): Promise<string[]> {
  const folder = join(IMAGES, 'imagedb/content/sha256')
  const text = await readFile(join(from, folder, hexOf(id)), 'utf8')
  await ensureFolder(join(to, folder), 0o700)
  await writeFile(join(to, folder, hexOf(id)), text, { mode: 0o600 })
  return chainIds(ImageConfig.parse(JSON.parse(text)).rootfs.diff_ids)
}

/** All of a layer but its files; gives the folders that those are in. */
async function copyLayer(from: string, to: string, chain: string): Promise<readonly [string, string]> {
  const described = join(IMAGES, 'layerdb/sha256', chain)
  await cp(join(from, described), join(to, described), { recursive: true })
  const layer = join(STORE_DRIVER, (await readFile(join(from, described, 'cache-id'), 'utf8')).trim())
  await ensureFolder(join(to, layer), 0o710)
  for (const name of ['link', 'lower', 'committed'])
    if ((await readText(join(from, layer, name))) !== undefined)
      await copyFile(join(from, layer, name), join(to, layer, name))
  await ensureFolder(join(to, layer, 'work'), 0o700)
  const short = (await readFile(join(from, layer, 'link'), 'utf8')).trim()
  await symlink(join('..', layer.slice(STORE_DRIVER.length + 1), 'diff'), join(to, STORE_DRIVER, 'l', short))
  return [join(from, layer, 'diff'), join(to, layer, 'diff')]
}

function indexOf(images: readonly StoredImage[]) {
  const rows = images.flatMap(({ id, tags }) =>
    tags.map((tag) => ({ name: tag.replace(/:.*/, ''), tag, id })),
  )
  const repositories = [...Map.groupBy(rows, ({ name }) => name)].map(
    ([name, all]) => [name, Object.fromEntries(all.map(({ tag, id }) => [tag, id]))] as const,
  )
  return { Repositories: Object.fromEntries(repositories) }
}

/** Whether files in one of the folders can be those of the other. */
export async function onOneDisk(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(one), stat(other)])
  return first.dev === second.dev
}
