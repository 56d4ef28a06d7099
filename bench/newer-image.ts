import { buildContext } from '#images/build-images.ts'
import { packContext } from '#images/layer-tar.ts'
import type { Docker } from '#runtime/drivers/docker.ts'

/**
 * Gives an image's name to one with a label more, as a newer one would come, on the engine where this container runs. What is
 * given back leads the name back.
 */
export async function newerImage(
  docker: Docker,
  image: 'edge' | 'patroni' | 'platform',
  container: string,
): Promise<() => Promise<void>> {
  const { id } = (await docker.containers.inspect(container)) ?? {}
  const list = await docker.containers.list({})
  const imageId = list.find((one) => one.id === id)?.imageId ?? ''
  const found = await docker.images.find(imageId)
  const tag = found?.tags.find((one) => new RegExp(`^maru/${image}:[0-9a-f]{12}$`).test(one))
  if (found === undefined || tag === undefined) throw new Error(`the image ${image} has no name`)
  await buildContext(docker, packContext(`FROM ${found.id}\nLABEL maru.bench=newer\n`, []), tag)
  return () => docker.images.tag(found.id, tag)
}
