import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MaruError } from '#contract/errors.ts'
import type { RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import { HOME } from '#contract/installation.ts'
import { ensureNodeStack } from '#images/ensure-node-stack.ts'
import { DEFAULT_NODE_MAJOR } from '#images/nodes.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
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
 * the slug nor the release's image is on this host.
 */
export async function restackSlug(request: RestackRequest, deps: RestackDeps): Promise<RestackResult> {
  const { docker, home, config } = deps
  const { image: stack } = await ensureNodeStack(request.nodeMajor ?? DEFAULT_NODE_MAJOR, {
    docker,
    home,
    programDir: PROGRAM_DIR,
    appImage: config.images.app,
  })
  const slugs = join(home, HOME.slugs)
  const isHere = await exists(join(slugs, request.slug))
  if (!isHere) await refuseUnlessHere(docker, request)
  if (stack === request.stack) return { image: null, stack, slug: request.slug }
  const slug = isHere ? request.slug : await slugOfImage(request, deps)
  const { id, name } = config.installation
  const image = await layerImage(docker, {
    stack,
    slug: join(slugs, slug),
    // Beside the tag of the build: both images are needed until one of them serves.
    tag: `${name}-app-${request.app}:v${request.release}-on-${stack.slice('sha256:'.length, SHORT)}`,
    labels: {
      [LABELS.owner]: id,
      [LABELS.app]: request.app,
      [LABELS.appId]: request.appId,
      [LABELS.release]: String(request.release),
      [SLUG_LABEL]: slug,
    },
  })
  return { image, stack, slug }
}

async function refuseUnlessHere(docker: Docker, { appId, image }: RestackRequest): Promise<void> {
  const labels = (await docker.images.find(image))?.labels
  if (labels?.[LABELS.appId] !== appId) throw new MaruError('hosts.image_not_found', { image })
}

/** What another host has built: an image's slug is all that is below its /app. */
async function slugOfImage({ app, appId, image }: RestackRequest, deps: RestackDeps): Promise<string> {
  const { sha256 } = await withStillContainer(deps, app, image, (id) => {
    const made = { open: () => deps.docker.containers.getArchive(id, '/app'), prefix: 'app/' }
    return makeSlug([made], join(deps.home, HOME.slugs, appId), AbortSignal.timeout(UNPACK_MS))
  })
  return `${appId}/${sha256}.tar.gz`
}
