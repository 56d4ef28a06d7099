import { createReadStream } from 'node:fs'
import type { BuildResult } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import { addressesOf } from '#contract/installation.ts'
import { EngineRefusal, LABELS } from '#runtime/drivers/docker.ts'
import { openBuildCgroup } from './build-cgroup.ts'
import type { BuildContext } from './build-context.ts'
import { checkImage } from './check-image.ts'
import { readDockerfile } from './dockerfile-check.ts'
import { readSourceFile } from './source-file.ts'

const POLL_MS = 250

/** Builds a Dockerfile with the engine's classic builder: every step is a container with these limits. */
export async function buildDockerfile(context: BuildContext): Promise<BuildResult> {
  const { deps, limits, tag, labels, signal } = context
  await checkImages(context).catch((error: unknown) => {
    throw translate(error, limits.memoryMb)
  })
  const cgroup = await openBuildCgroup(await deps.docker.info(), limits.processes)
  const stop = new AbortController()
  const watch = setInterval(() => {
    // A group can end while it is read; what it counted is looked at again when the build ends.
    cgroup.limitHit().then(
      (hit) => hit && stop.abort(),
      () => {},
    )
  }, POLL_MS)
  const processLimit = () => new MaruError('apps.build_limit', { limit: `${limits.processes} processes` })
  try {
    const id = await deps.docker.images.build(
      createReadStream(context.source),
      {
        tag,
        labels,
        memoryBytes: limits.memoryMb * 1024 ** 2,
        cpus: limits.cpus,
        networkMode: addressesOf(deps.config.installation).networks.build.name,
        signal: AbortSignal.any([signal, stop.signal]),
        cgroupParent: cgroup.parent,
      },
      withoutLabels((line) => context.out.line(line)),
    )
    return await describe(context, id)
  } catch (error) {
    if (stop.signal.aborted || (await cgroup.limitHit())) throw processLimit()
    throw translate(error, limits.memoryMb)
  } finally {
    clearInterval(watch)
    await cgroup.close()
  }
}

/** The engine keeps every app's image under a name that a Dockerfile could use. */
async function checkImages(context: BuildContext): Promise<void> {
  const text = await readSourceFile(context.source, 'Dockerfile')
  if (text === undefined)
    throw new MaruError('apps.build_failed', { reason: 'it has no Dockerfile below 1 MB' })
  const { images, refusal } = readDockerfile(text)
  if (refusal !== undefined) throw new MaruError('apps.build_failed', { reason: refusal })
  for (const image of images) await checkBase(context, image)
}

/** What an image brings into the build counts as written in the Dockerfile: it is read before the engine obeys it. */
async function checkBase({ deps, out, signal }: BuildContext, image: string): Promise<void> {
  const refused = (reason: string) => new MaruError('apps.build_failed', { reason })
  const { images } = deps.docker
  if ((await images.find(image)) === undefined) {
    out.line(`Pulling ${image}`)
    await images.pull(image, signal)
  }
  const found = await images.find(image)
  if (found === undefined) throw refused(`the image ${image} is not there, although its registry sent it`)
  if (found.labels[LABELS.owner] !== undefined)
    throw refused(`the image ${image} belongs to an app of this platform`)
  const inherited = readDockerfile(found.onBuild.join('\n'))
  if (inherited.refusal !== undefined || inherited.images.length > 0)
    throw refused(
      `the image ${image} copies from other images by itself (ONBUILD); copy in your own Dockerfile`,
    )
}

/** Leaves out the steps that label the image: they are ours, and their values are nobody else's business. */
function withoutLabels(emit: (line: string) => void): (line: string) => void {
  let hidden = false
  return (line) => {
    if (/^Step \d+\/\d+ : LABEL maru\./.test(line)) hidden = true
    else if (line.startsWith('Successfully ')) hidden = false
    if (!hidden) emit(line)
  }
}

async function describe(context: BuildContext, id: string): Promise<BuildResult> {
  const { deps, tag } = context
  // The engine names a short id here; the whole one is what the host's state refers to.
  const image = (await deps.docker.images.find(tag)) ?? (await deps.docker.images.find(id))
  if (image === undefined) throw new MaruError('apps.build_failed', { reason: 'it left no image' })
  try {
    await checkImage(context, image)
  } catch (error) {
    await deps.docker.images.remove(image.id)
    throw error
  }
  const defaultWeb = image.command.length > 0 || image.entrypoint.length > 0
  return { image: image.id, stack: null, slug: null, defaultWeb }
}

/** The engine tells of a step that was killed only in its text: 137 is what a process out of memory ends with. */
function translate(error: unknown, memoryMb: number): unknown {
  if (!(error instanceof EngineRefusal)) return error
  if (/returned a non-zero code: 137$/.test(error.message)) {
    return new MaruError('apps.build_limit', { limit: `${memoryMb} MB of memory` }, { cause: error })
  }
  return new MaruError('apps.build_failed', { reason: error.message }, { cause: error })
}
