import type { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { callEngine, callUnless, EngineRefusal, findInEngine, workInEngine } from './docker-call.ts'
import { readJsonLines } from './docker-streams.ts'

export interface EngineImage {
  readonly id: string
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: Date
  readonly sizeBytes: number
}

/** What an image says about how it runs. */
export interface ImageDetail extends EngineImage {
  readonly user: string
  readonly command: readonly string[]
  readonly entrypoint: readonly string[]
  readonly workingDir: string
  readonly exposedPorts: readonly string[]
  readonly env: readonly string[]
  readonly layers: readonly string[]
  /** Folders for which the engine would make a volume of its own. */
  readonly volumes: readonly string[]
  /** Instructions that the builder adds to every Dockerfile that begins with this image. */
  readonly onBuild: readonly string[]
}

export interface BuildOptions {
  readonly tag?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly buildArgs?: Readonly<Record<string, string>>
  readonly memoryBytes?: number
  readonly cpus?: number
  readonly networkMode?: string
  readonly cgroupParent?: string
  readonly pull?: boolean
  readonly noCache?: boolean
  readonly dockerfile?: string
  readonly signal?: AbortSignal
}

export interface DockerImages {
  /** By id or tag; undefined when absent. */
  find(ref: string): Promise<ImageDetail | undefined>
  list(labels: Readonly<Record<string, string>>): Promise<EngineImage[]>
  /** Makes an image of a root filesystem (tar). `changes` are Dockerfile lines such as `ENV A=b`. Returns the id. */
  importTar(tar: Readable, tag: string, changes: readonly string[]): Promise<string>
  /** Builds a context (tar) with the engine's classic builder; each log line goes to `onLine`. Returns the id. */
  build(context: Readable, options: BuildOptions, onLine: (line: string) => void): Promise<string>
  /** Brings an image from its registry, one platform of it. */
  pull(ref: string, signal: AbortSignal): Promise<void>
  /** These images with all that they stand on, as `docker save` writes them. */
  save(refs: readonly string[]): Promise<Readable>
  /** Loads what `docker save` wrote. */
  load(tar: Readable): Promise<void>
  tag(ref: string, tag: string): Promise<void>
  /** False when it is still in use; true when it is gone (or was). */
  remove(ref: string, options?: { readonly force?: boolean }): Promise<boolean>
}

interface Progress {
  readonly stream?: string
  readonly status?: string
  readonly error?: string
  readonly aux?: { readonly ID?: string }
}

const list = (value: string | readonly string[] | null | undefined): readonly string[] =>
  value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value

function detailOf(raw: Dockerode.ImageInspectInfo): ImageDetail {
  return {
    id: raw.Id,
    tags: raw.RepoTags ?? [],
    labels: raw.Config?.Labels ?? {},
    createdAt: new Date(raw.Created),
    sizeBytes: raw.Size,
    user: raw.Config?.User ?? '',
    command: list(raw.Config?.Cmd),
    entrypoint: list(raw.Config?.Entrypoint),
    workingDir: raw.Config?.WorkingDir ?? '',
    exposedPorts: Object.keys(raw.Config?.ExposedPorts ?? {}),
    env: raw.Config?.Env ?? [],
    layers: raw.RootFS?.Layers ?? [],
    volumes: Object.keys(raw.Config?.Volumes ?? {}).sort(),
    onBuild: list(raw.Config?.OnBuild as readonly string[] | null),
  }
}

const summaryOf = (raw: Dockerode.ImageInfo): EngineImage => ({
  id: raw.Id,
  tags: raw.RepoTags ?? [],
  labels: raw.Labels ?? {},
  createdAt: new Date(raw.Created * 1000),
  sizeBytes: raw.Size,
})

function buildQuery(options: BuildOptions): Dockerode.ImageBuildOptions {
  const period = 100_000
  return {
    rm: true,
    forcerm: true,
    pull: options.pull === true ? '1' : '',
    nocache: options.noCache ?? false,
    ...(options.tag === undefined ? {} : { t: options.tag }),
    ...(options.labels === undefined ? {} : { labels: { ...options.labels } }),
    ...(options.buildArgs === undefined ? {} : { buildargs: { ...options.buildArgs } }),
    ...(options.memoryBytes === undefined
      ? {}
      : { memory: options.memoryBytes, memswap: options.memoryBytes }),
    ...(options.cpus === undefined ? {} : { cpuperiod: period, cpuquota: Math.round(options.cpus * period) }),
    ...(options.networkMode === undefined ? {} : { networkmode: options.networkMode }),
    ...(options.cgroupParent === undefined ? {} : { cgroupparent: options.cgroupParent }),
    ...(options.dockerfile === undefined ? {} : { dockerfile: options.dockerfile }),
    ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
  } as unknown as Dockerode.ImageBuildOptions
}

function splitTag(tag: string): { repo: string; tag: string } {
  const [repo = tag, version = 'latest'] = tag.split(':')
  return { repo, tag: version }
}

/** Parts of a reference as the engine's call wants them: a digest takes the tag's place, and no tag means `latest`. */
export function splitReference(ref: string): { fromImage: string; tag: string } {
  const [name = ref, digest] = ref.split('@')
  // A colon before the last slash belongs to the registry's port.
  const [, bare = name, tag] = /^(.*?)(?::([^:/]*))?$/.exec(name) ?? []
  return { fromImage: bare, tag: digest ?? tag ?? 'latest' }
}

/** Follows a build or an import: hands lines on, fails with the engine's own error, gives the last image id. */
async function follow(source: Readable, onLine: (line: string) => void): Promise<string | undefined> {
  let id: string | undefined
  let open = ''
  for await (const step of readJsonLines<Progress>(source)) {
    if (step.error !== undefined) throw new EngineRefusal(422, step.error.trim())
    if (step.aux?.ID !== undefined) id = step.aux.ID
    if (step.status?.startsWith('sha256:')) id = step.status
    const lines = (open + (step.stream ?? '')).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') onLine(line)
  }
  if (open.trim() !== '') onLine(open)
  return id
}

/** The engine's images. */
export function makeDockerImages(engine: Dockerode): DockerImages {
  const must = (id: string | undefined, what: string) => {
    if (id === undefined) throw new EngineRefusal(422, `${what} ended without an image`)
    return id
  }
  const images: DockerImages = {
    find: (ref) => findInEngine(async () => detailOf(await engine.getImage(ref).inspect())),
    list: (labels) =>
      callEngine(async () => {
        const filters = { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) }
        return (await engine.listImages({ filters: JSON.stringify(filters) })).map(summaryOf)
      }),
    importTar: (tar, tag, changes) =>
      workInEngine(async () => {
        const options = { ...splitTag(tag), changes: changes.join('\n') }
        // The typings miss `fromSrc=-` with a stream body; the engine's API has it since 1.0.
        const answer = (await engine.importImage(tar as never, options)) as unknown as Readable
        return must(await follow(answer, () => {}), 'the import')
      }),
    build: (context, options, onLine) =>
      workInEngine(async () => {
        const answer = (await engine.buildImage(context, buildQuery(options))) as Readable
        return must(await follow(answer, onLine), 'the build')
      }).catch((error: unknown) => {
        // Aborting cuts the connection, which ends the build in the engine; it is not the engine that is away.
        throw options.signal?.aborted === true ? options.signal.reason : error
      }),
    pull: (ref, signal) =>
      workInEngine(async () => {
        const options = { ...splitReference(ref), abortSignal: signal }
        await follow((await engine.createImage(options)) as Readable, () => {})
      }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error
      }),
    save: (refs) =>
      callEngine(async () => {
        // The typings miss the call for several images; the engine's API has it since 1.7.
        const all = engine as unknown as { getImages(what: { names: readonly string[] }): Promise<Readable> }
        return await all.getImages({ names: refs })
      }),
    load: (tar) =>
      workInEngine(async () => {
        await follow((await engine.loadImage(tar, { quiet: true } as object)) as Readable, () => {})
      }),
    tag: (ref, tag) =>
      callEngine(async () => {
        await engine.getImage(ref).tag(splitTag(tag))
      }),
    remove: async (ref, options = {}) => {
      await callUnless([404, 409], () => engine.getImage(ref).remove({ force: options.force ?? false }))
      return (await images.find(ref)) === undefined
    },
  }
  return images
}
