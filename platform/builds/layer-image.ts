import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { MaruError } from '#contract/errors.ts'
import { UID } from '#contract/installation.ts'
import type { Docker, ImageDetail } from '#runtime/drivers/docker.ts'
import { diffIdOf } from './slug.ts'

export interface LayerRequest {
  /** Id or tag of the stack image. */
  readonly stack: string
  /** Path of the slug (.tar.gz). */
  readonly slug: string
  /** Digest of the uncompressed slug where it is known; else it is computed. */
  readonly diffId?: string
  readonly tag: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Puts a slug on a stack: an image with one layer more. The same slug goes on a newer stack without a build.
 *
 * The image is made as an archive for the engine's load call, with only the new layer in it: layers that the
 * engine already has are not read. Measured 0.07 s; a classic build of `FROM` and `ADD` takes 0.85 s.
 */
export async function layerImage(docker: Docker, request: LayerRequest): Promise<string> {
  const stack = await docker.images.find(request.stack)
  if (stack === undefined) throw new MaruError('hosts.not_installed', { home: request.stack })
  const diffId = request.diffId ?? (await diffIdOf(request.slug))
  const config = renderConfig({
    createdAt: new Date(),
    env: envOn(stack),
    labels: { ...stack.labels, ...request.labels },
    layers: [...stack.layers, diffId],
  })
  const id = idOf(config)
  await docker.images.load(await archiveOf(config, stack.layers.length, request.slug, request.tag))
  const made = await docker.images.find(id)
  if (made === undefined) {
    const cause = new Error(`the engine did not keep ${id}`)
    throw new MaruError('apps.build_failed', { reason: 'the image could not be made' }, { cause })
  }
  return made.id
}

/**
 * The archive from which another engine that has the stack makes the same image, of its slug only. Undefined when what
 * the engine says of the image does not give its config again, byte for byte: then its id would be another one.
 */
export async function slugArchive(image: ImageDetail, slug: string): Promise<Readable | undefined> {
  const config = renderConfig(image)
  return idOf(config) === image.id ? await archiveOf(config, image.layers.length - 1, slug) : undefined
}

const idOf = (config: string) => `sha256:${createHash('sha256').update(config).digest('hex')}`

function envOn(stack: ImageDetail): string[] {
  const path = stack.env.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? '/usr/bin:/bin'
  const others = stack.env.filter((entry) => !entry.startsWith('PATH='))
  // The app's packages come first, so that a Procfile can name their commands.
  return [`PATH=/app/node_modules/.bin:${path}`, ...others]
}

/** An image's config from what the engine says of it: the labels in an order of their own, because it has none. */
function renderConfig(image: Pick<ImageDetail, 'createdAt' | 'env' | 'labels' | 'layers'>): string {
  return JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    created: image.createdAt.toISOString(),
    config: {
      Env: image.env,
      User: `${UID.app}:${UID.app}`,
      WorkingDir: '/app',
      Labels: Object.fromEntries(Object.entries(image.labels).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    rootfs: { type: 'layers', diff_ids: image.layers },
    history: [],
  })
}

async function archiveOf(config: string, stackLayers: number, slug: string, tag?: string): Promise<Readable> {
  const { size } = await stat(slug)
  const archive = pack()
  const absent = Array.from({ length: stackLayers }, (_, index) => `stack/${index}.tar`)
  const tags = tag === undefined ? null : [tag]
  const manifest = [{ Config: 'config.json', RepoTags: tags, Layers: [...absent, 'slug.tar'] }]
  archive.entry({ name: 'config.json' }, config)
  archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest))
  pipeline(createReadStream(slug), archive.entry({ name: 'slug.tar', size })).then(
    () => archive.finalize(),
    (error) => archive.destroy(error),
  )
  return Readable.from(archive)
}
