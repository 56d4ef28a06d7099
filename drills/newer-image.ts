import { randomUUID } from 'node:crypto'
import { buildContext } from '#images/build-images.ts'
import { packContext } from '#images/layer-tar.ts'
import type { Docker } from '#runtime/drivers/docker.ts'

/** Images that parts of the platform run on. */
export type PartImage = 'edge' | 'detector' | 'platform' | 'database' | 'patroni'

/** Whether a tag is the name that `maru up` knows an image by. */
export const isNameOf = (image: PartImage, tag: string): boolean =>
  new RegExp(`^maru/${image}:[0-9a-f]{12}$`).test(tag)

/**
 * Gives an image's name to one with another label, as a newer one would come, on the engine where this container runs. What is
 * given back leads the name back.
 */
export async function newerImage(
  docker: Docker,
  image: PartImage,
  container: string,
): Promise<() => Promise<void>> {
  const { id } = (await docker.containers.inspect(container)) ?? {}
  const list = await docker.containers.list({})
  const imageId = list.find((one) => one.id === id)?.imageId ?? ''
  const found = await docker.images.find(imageId)
  const tag = found?.tags.find((one) => isNameOf(image, one))
  if (found === undefined || tag === undefined) throw new Error(`the image ${image} has no name`)
  await buildContext(docker, packContext(`FROM ${found.id}\nLABEL maru.newer=${randomUUID()}\n`, []), tag)
  return () => docker.images.tag(found.id, tag)
}
