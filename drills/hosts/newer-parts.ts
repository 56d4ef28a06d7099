import type { Docker, EngineContainer } from '#runtime/drivers/docker.ts'
import { isRetiredName } from '#runtime/drivers/hand-over.ts'
import type { PartImage } from '../newer-image.ts'
import { secondsUntil, type Wait } from '../wait-until.ts'

/** The hosts of an installation on which parts are replaced. */
export interface NewerGround {
  readonly installation: { readonly name: string }
  engine(host: string): Promise<Docker>
  /** `maru up` on a host; throws where it fails. */
  up(host: string): Promise<unknown>
  readonly signal: AbortSignal
}

/** Names of containers; those that stayed are still the ones from before, or do not run. */
export interface Replaced {
  readonly replaced: readonly string[]
  readonly stayed: readonly string[]
}

type Known = Pick<EngineContainer, 'id' | 'name'>

/** Longer than any part takes, so that what stays is told and not waited for without end. */
const REPLACED_S = 90

/** Loaded when parts are replaced: it brings what builds images with it. */
const loadNewerImage = () => import('../newer-image.ts')

/**
 * Newer images come to a host, where `maru up` brings them in; ends when every container that ran on the ones before is another one
 * that runs. A host where nothing runs on these images is left alone.
 */
export async function replaceParts(
  ground: NewerGround,
  host: string,
  images: readonly PartImage[],
): Promise<Replaced> {
  const docker = await ground.engine(host)
  const before = await containersOn(ground, docker, images)
  for (const [image, containers] of before) await giveNewer(docker, image, containers)
  const known = [...before.values()].flat()
  if (known.length === 0) return { replaced: [], stayed: [] }
  await ground.up(host)
  const stayed = await untilOthers(docker, known, { timeoutS: REPLACED_S, signal: ground.signal })
  const names = known.map(({ name }) => name)
  return { replaced: names.filter((name) => !stayed.includes(name)), stayed }
}

async function giveNewer(docker: Docker, image: PartImage, [first]: readonly Known[]): Promise<void> {
  const { newerImage } = await loadNewerImage()
  if (first !== undefined) await newerImage(docker, image, first.name)
}

/**
 * The installation's containers that run on each of these images and give way to a newer one. One that only keeps addresses for
 * another does not, nor who holds an address that hosts share, until it gives that up.
 */
async function containersOn(
  { installation }: NewerGround,
  docker: Docker,
  images: readonly PartImage[],
): Promise<ReadonlyMap<PartImage, readonly Known[]>> {
  const { isNameOf } = await loadNewerImage()
  const all = await docker.images.list({})
  const running = (await docker.containers.list({})).filter(
    ({ name, state }) =>
      state === 'running' &&
      name.startsWith(`${installation.name}-`) &&
      !/-(net|address)$/.test(name) &&
      !isRetiredName(name),
  )
  return new Map(
    images.map((image) => {
      const ids = all.filter(({ tags }) => tags.some((tag) => isNameOf(image, tag))).map(({ id }) => id)
      return [image, running.filter(({ imageId }) => ids.includes(imageId))]
    }),
  )
}

/** Waits until each of these names is another container that runs; gives the names of those where it is not. */
export async function untilOthers(
  docker: Docker,
  before: readonly Known[],
  wait: Wait,
): Promise<readonly string[]> {
  let stayed: readonly string[] = []
  await secondsUntil(wait, async () => {
    stayed = stillThe(before, await docker.containers.list({}))
    return stayed.length === 0
  })
  return stayed
}

/** Names that do not belong to another container which runs. Pure. */
export function stillThe(
  before: readonly Known[],
  now: ReadonlyArray<Known & Pick<EngineContainer, 'state'>>,
): readonly string[] {
  return before
    .filter(({ id, name }) => {
      const there = now.find((one) => one.name === name)
      return there === undefined || there.id === id || there.state !== 'running'
    })
    .map(({ name }) => name)
}
