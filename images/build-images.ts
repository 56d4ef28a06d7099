import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MaruError } from '#contract/errors.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { CONTENTS, type ContentSource } from './content.ts'
import { fileEntry, layerDockerfile, packContext, type TarEntry } from './layer-tar.ts'
import { type ImageName, type LayerRecipe, RECIPES, type RootfsRecipe } from './recipes.ts'
import { buildRootfs, planRootfs, removeWork } from './root-filesystem.ts'

/** Label of every stack image; its value is the image's name. */
export const IMAGE_LABEL = 'maru.image'

/** Where images are made in a data folder; what a build that was killed has mounted there goes with `removeImageWork`. */
const imageWork = (home: string) => join(home, 'images', 'work')

export const removeImageWork = (home: string): Promise<void> => removeWork(imageWork(home))

export interface BuiltImage {
  readonly tag: string
  readonly id: string
  /** Whether it was made now, or was there. */
  readonly built: boolean
}

export type Revisions = Readonly<Partial<Record<ImageName, string>>>

export interface ImageDeps {
  readonly docker: Docker
  readonly programDir: string
  /** The installation's data folder: logs, package lists and temporary work go there. */
  readonly home: string
  /** Images that are to be made anew: name → when that was asked for. Each value makes another image. */
  readonly revisions?: Revisions
  /** Shows a step while `work` runs. */
  step<T>(title: string, expectedS: number, logFile: string, work: () => Promise<T>): Promise<T>
}

/** Makes the stack images that are missing, two at a time, and returns all of them. */
export async function ensureImages(deps: ImageDeps): Promise<Record<ImageName, BuiltImage>> {
  await Promise.all([
    ensureFolder(join(deps.home, 'logs'), 0o750),
    ensureFolder(join(deps.home, 'images'), 0o755),
  ])
  const made = new Map<ImageName, Promise<BuiltImage>>()
  const lanes = makeLanes(2)
  const ensure = (name: ImageName): Promise<BuiltImage> => {
    const recipe = RECIPES[name]
    const known = made.get(name)
    if (known !== undefined) return known
    const work = (async () => {
      const from = recipe.kind === 'layer' ? await ensure(recipe.from) : undefined
      return lanes(() => ensureImage(deps, name, from))
    })()
    made.set(name, work)
    return work
  }
  // The slowest first, and then the ones that others wait for.
  const order: ImageName[] = [
    'database',
    'base',
    'patroni',
    'edge',
    'detector',
    'node',
    'packages',
    'console',
    'builder',
    'app',
    'platform',
  ]
  const images = await allSettledOrThrow(order.map(async (name) => [name, await ensure(name)] as const))
  await removeImageWork(deps.home)
  return Object.fromEntries(images) as Record<ImageName, BuiltImage>
}

async function ensureImage(deps: ImageDeps, name: ImageName, from?: BuiltImage): Promise<BuiltImage> {
  const recipe = RECIPES[name]
  const source: ContentSource = {
    programDir: deps.programDir,
    workDir: join(imageWork(deps.home), name),
    logFile: join(deps.home, 'logs', `image-${name}.log`),
  }
  const tag = await tagOf(name, source, from, deps.revisions?.[name])
  const have = await deps.docker.images.find(tag)
  if (have !== undefined) return { tag, id: have.id, built: false }
  const id = await deps.step(`Image ${name}`, recipe.expectedS, source.logFile, () =>
    recipe.kind === 'rootfs'
      ? importRootfs(deps, name, recipe, source, tag)
      : buildLayer(deps, name, recipe, source, tag, from?.tag ?? ''),
  )
  await deps.docker.images.tag(id, `maru/${name}:latest`)
  return { tag, id, built: true }
}

async function importRootfs(
  deps: ImageDeps,
  name: ImageName,
  recipe: RootfsRecipe,
  source: ContentSource,
  tag: string,
): Promise<string> {
  const packagesFile = join(deps.home, 'images', `${name}.packages`)
  const archive = await buildRootfs({ name, recipe, packagesFile, ...source })
  const id = await deps.docker.images.importTar(createReadStream(archive), tag, [
    `LABEL ${IMAGE_LABEL}=${name}`,
  ])
  await rm(source.workDir, { recursive: true, force: true })
  return id
}

async function buildLayer(
  deps: ImageDeps,
  name: ImageName,
  recipe: LayerRecipe,
  source: ContentSource,
  tag: string,
  from: string,
): Promise<string> {
  await ensureFolder(source.workDir)
  const entries = [
    ...(await CONTENTS[recipe.content].entries(source)),
    ...(await revisionEntries(deps.revisions?.[name], source)),
  ]
  const settings = [...recipe.settings, `LABEL ${IMAGE_LABEL}=${name}`]
  const context = packContext(layerDockerfile(from, settings), entries)
  const lines: string[] = []
  const id = await buildContext(deps.docker, context, tag, (line) => lines.push(line))
  await appendFile(source.logFile, `${lines.join('\n')}\n`)
  await rm(source.workDir, { recursive: true, force: true })
  return id
}

/** What tells an image that was made anew from the one before, where nothing else is different. */
async function revisionEntries(revision: string | undefined, source: ContentSource): Promise<TarEntry[]> {
  if (revision === undefined) return []
  const file = join(source.workDir, 'revision')
  await writeFile(file, `${revision}\n`)
  return [fileEntry(file, '/etc/maru-revision')]
}

/** Hands a context over so that an error while it is packed fails the build instead of the process. */
export async function buildContext(
  docker: Docker,
  context: NodeJS.ReadableStream,
  tag: string,
  onLine: (line: string) => void = () => {},
): Promise<string> {
  const body = new PassThrough()
  const [id] = await Promise.all([docker.images.build(body, { tag }, onLine), pipeline(context, body)])
  return id
}

/** The tags of the stack images that this program works with, whether they are made already or not. */
export async function stackTags(programDir: string): Promise<string[]> {
  // What an image is made of says where its work would go, but not before it is made.
  const source = { programDir, workDir: '', logFile: '' }
  const tags = new Map<ImageName, Promise<string>>()
  const tagFor = (name: ImageName): Promise<string> => {
    const recipe = RECIPES[name]
    const known = tags.get(name)
    if (known !== undefined) return known
    const work = (async () =>
      tagOf(name, source, recipe.kind === 'layer' ? { tag: await tagFor(recipe.from) } : undefined))()
    tags.set(name, work)
    return work
  }
  return await Promise.all((Object.keys(RECIPES) as ImageName[]).map(tagFor))
}

const tagOf = async (
  name: ImageName,
  source: ContentSource,
  from?: Pick<BuiltImage, 'tag'>,
  revision?: string,
) => `maru/${name}:${await hashOf(RECIPES[name], source, from, revision)}`

async function hashOf(
  recipe: RootfsRecipe | LayerRecipe,
  source: ContentSource,
  from: Pick<BuiltImage, 'tag'> | undefined,
  revision: string | undefined,
): Promise<string> {
  const { expectedS: _, ...made } = recipe
  const parts =
    recipe.kind === 'rootfs'
      ? [made, planRootfs(recipe, '', '')]
      : [made, from?.tag ?? '', await CONTENTS[recipe.content].digest(source)]
  const all = revision === undefined ? parts : [...parts, revision]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12)
}

/** At most `count` pieces of work at the same time. */
function makeLanes(count: number) {
  let free = count
  const waiting: Array<() => void> = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}

/** Waits for all, so that nothing goes on behind an error; then throws the first error, if any. */
async function allSettledOrThrow<T>(work: ReadonlyArray<Promise<T>>): Promise<T[]> {
  const results = await Promise.allSettled(work)
  return results.map((result) => {
    if (result.status === 'fulfilled') return result.value
    throw result.reason instanceof MaruError
      ? result.reason
      : new MaruError('internal', { requestId: 'images' }, { cause: result.reason })
  })
}
