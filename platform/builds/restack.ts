import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MaruError } from '#contract/errors.ts'
import type { RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import { HOME } from '#contract/installation.ts'
import { ensureNodeStack } from '#images/ensure-node-stack.ts'
import { DEFAULT_NODE_MAJOR } from '#images/nodes.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import type { BuildDeps } from './build-context.ts'
import { layerImage } from './layer-image.ts'
import { makeSlug } from './slug.ts'
import { SLUG_LABEL } from './slug-store.ts'
import { withStillContainer } from './still-container.ts'

const PROGRAM_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
/** An app of the greatest size is read within a minute. */
const UNPACK_MS = 240_000
const SHORT = 'sha256:'.length + 12

type RestackDeps = Pick<BuildDeps, 'docker' | 'home' | 'config'>

/**
 * Puts a slug on the newest stack of its kind. Nothing of the app is run or built. Fails with `hosts.image_not_found` where neither
 * the slug nor an image of it is on this host.
 */
export async function restackSlug(request: RestackRequest, deps: RestackDeps): Promise<RestackResult> {
  const { docker, home, config } = deps
  const { app, appId, release, nodeMajor } = request
  const slugs = join(home, HOME.slugs)
  const isHere = await exists(join(slugs, request.slug))
  const from = isHere ? undefined : await imageOfSlug(request, deps)
  const { image: stack } = await ensureNodeStack(nodeMajor ?? DEFAULT_NODE_MAJOR, {
    docker,
    home,
    programDir: PROGRAM_DIR,
    appImage: config.images.app,
  })
  if (stack === request.stack) return { image: null, stack }
  const slug = from === undefined ? undefined : await takeSlug(request, deps, from)
  const file = slug?.file ?? request.slug
  const { id, name } = config.installation
  const image = await layerImage(docker, {
    stack,
    slug: join(slugs, file),
    // Beside the tag of the build: both images are needed until one of them serves.
    tag: `${name}-app-${app}:v${release}-on-${stack.slice('sha256:'.length, SHORT)}`,
    labels: {
      [LABELS.owner]: id,
      [LABELS.app]: app,
      [LABELS.appId]: appId,
      [LABELS.release]: String(release),
      [SLUG_LABEL]: file,
    },
  })
  return { image, stack, ...(slug && { slug }) }
}

/** An image that another host made of the slug. */
async function imageOfSlug(
  { app, appId, release, slug }: RestackRequest,
  { docker, config }: RestackDeps,
): Promise<string> {
  const labels = { [LABELS.owner]: config.installation.id, [LABELS.appId]: appId, [SLUG_LABEL]: slug }
  const [image] = await docker.images.list(labels)
  if (image === undefined) throw new MaruError('hosts.image_not_found', { image: `of ${app} v${release}` })
  return image.id
}

/** The slug of an image is all that is below its /app. */
async function takeSlug({ app, appId }: RestackRequest, deps: RestackDeps, image: string) {
  const { sha256, bytes } = await withStillContainer(deps, app, image, (id) => {
    const made = { open: () => deps.docker.containers.getArchive(id, '/app'), prefix: 'app/' }
    return makeSlug([made], join(deps.home, HOME.slugs, appId), AbortSignal.timeout(UNPACK_MS))
  })
  return { file: `${appId}/${sha256}.tar.gz`, bytes }
}
