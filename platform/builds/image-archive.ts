import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type Extract, extract, type Pack, pack } from 'tar-stream'
import { MaruError } from '#contract/errors.ts'
import { type Docker, EngineRefusal, LABELS } from '#runtime/drivers/docker.ts'
import { slugArchive } from './layer-image.ts'
import { slugFileOf } from './slug-store.ts'

/**
 * An image as another host's engine loads it; undefined where it is not here. Unless it is wanted whole, one that is a
 * slug on a stack comes without the stack's layers: a host that has the same stack has them already.
 */
export async function exportImage(
  docker: Docker,
  home: string,
  id: string,
  whole: boolean,
): Promise<Readable | undefined> {
  const image = await docker.images.find(id)
  if (image === undefined) return undefined
  const slug = whole ? undefined : await slugFileOf(home, image)
  const light = slug === undefined ? undefined : await slugArchive(image, slug)
  return light ?? (await docker.images.save([id]))
}

/**
 * Loads an image that another host has sent, under no name but its id: a name could take the place of one that is used
 * here. `hosts.image_refused` when it is not the one that was announced, or when layers are missing.
 */
export async function importImage(docker: Docker, owner: string, id: string, tar: Readable): Promise<void> {
  const refuse = (reason: string, cause?: unknown) =>
    new MaruError('hosts.image_refused', { image: id, reason }, { cause })
  const output = pack()
  const copying = copyNameless(tar, output)
  try {
    await Promise.all([copying, docker.images.load(Readable.from(output))])
  } catch (error) {
    output.destroy()
    await copying.catch(() => {})
    if (error instanceof EngineRefusal) throw refuse('the engine did not take it', error)
    throw error
  }
  const loaded = await docker.images.find(id)
  if (loaded === undefined) throw refuse('another one was sent')
  if (loaded.labels[LABELS.owner] !== owner) throw refuse('it does not belong to this installation')
}

/** Copies an archive of one image; whatever names it, is left out. */
async function copyNameless(tar: Readable, output: Pack): Promise<void> {
  const input = extract()
  const reading = pipeline(tar, input)
  // Its failure is also that of the loop below.
  reading.catch(() => {})
  try {
    for await (const entry of input) await copyEntry(entry, output)
    await reading
    output.finalize()
  } catch (error) {
    output.destroy(error as Error)
    throw error
  }
}

type Entry = Extract extends AsyncIterable<infer E> ? E : never
const MANIFEST_MAX = 1024 * 1024

async function copyEntry(entry: Entry, output: Pack): Promise<void> {
  const { header } = entry
  const name = header.name.replace(/^(\.\/)+/, '')
  if (name.split('/').includes('..')) throw new Error(`${JSON.stringify(name)} in an image`)
  if (name === 'repositories') return void entry.resume()
  if (name === 'manifest.json') {
    if (header.type !== 'file' || (header.size ?? 0) > MANIFEST_MAX) throw new Error('no plain manifest')
    output.entry({ name }, namelessManifest(await text(Readable.from(entry))))
    return
  }
  if (header.type !== 'file') {
    output.entry(header)
    entry.resume()
    return
  }
  await pipeline(Readable.from(entry), output.entry(header))
}

function namelessManifest(manifest: string): string {
  const images = JSON.parse(manifest) as ReadonlyArray<{ Config: string; Layers: string[] }>
  const [image] = images
  if (images.length !== 1 || image === undefined) throw new Error('not exactly one image')
  return JSON.stringify([{ Config: image.Config, RepoTags: null, Layers: image.Layers }])
}
