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
import { SLUG_LABEL } from './slug-store.ts'

const PROGRAM_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const SHORT = 'sha256:'.length + 12

/** Puts a slug on the newest stack of its kind. Nothing of the app is run or built. */
export async function restackSlug(
  request: RestackRequest,
  { docker, home, config }: Pick<BuildDeps, 'docker' | 'home' | 'config'>,
): Promise<RestackResult> {
  const { image: stack } = await ensureNodeStack(request.nodeMajor ?? DEFAULT_NODE_MAJOR, {
    docker,
    home,
    programDir: PROGRAM_DIR,
    appImage: config.images.app,
  })
  if (stack === request.stack) return { image: null, stack }
  const slug = join(home, HOME.slugs, request.slug)
  if (!(await exists(slug)))
    throw new MaruError('apps.build_failed', { reason: `the slug of v${request.release} is gone` })
  const { id, name } = config.installation
  const image = await layerImage(docker, {
    stack,
    slug,
    // Beside the tag of the build: both images are needed until one of them serves.
    tag: `${name}-app-${request.app}:v${request.release}-on-${stack.slice('sha256:'.length, SHORT)}`,
    labels: {
      [LABELS.owner]: id,
      [LABELS.app]: request.app,
      [LABELS.appId]: request.appId,
      [LABELS.release]: String(request.release),
      [SLUG_LABEL]: request.slug,
    },
  })
  return { image, stack }
}
