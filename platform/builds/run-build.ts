import { basename, join } from 'node:path'
import type { BuildEvent, BuildRequest, BuildResult } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { HOME } from '#contract/installation.ts'
import { EngineRefusal, LABELS } from '#runtime/drivers/docker.ts'
import { diskSpace, exists } from '#runtime/drivers/files.ts'
import type { BuildContext, BuildDeps, BuildLimits } from './build-context.ts'
import { BuildLog, LOG_LIMITS, makeMask } from './build-log.ts'
import { buildDockerfile } from './dockerfile-build.ts'
import { layerImage } from './layer-image.ts'
import { type BuiltSlug, buildNode } from './node-build.ts'
import { makeSlug } from './slug.ts'
import { PACKAGES_LABEL, removeUnusedSlugs, SLUG_LABEL, slugFolder } from './slug-store.ts'
import { openArchive } from './source-file.ts'

/** Free space without which no build starts, and below which a running one is stopped. */
const DISK_START_MB = 1024
const DISK_STOP_MB = 256
const DISK_POLL_MS = 2000

/** Builds a source into an image; the last event is `done` or `failed`. Leaves nothing behind, however it ends. */
export async function runBuild(
  request: BuildRequest,
  deps: BuildDeps,
  emit: (event: BuildEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const limits: BuildLimits = deps.limits ?? APP_LIMITS.build
  const out = new BuildLog(
    (line) => emit({ type: 'log', line }),
    makeMask(request.env),
    limits.log ?? LOG_LIMITS,
  )
  const guard = startGuard(deps.home, limits, signal)
  const leftovers: Array<Promise<void>> = []
  try {
    const result = await build({
      request,
      deps,
      limits,
      out,
      signal: guard.signal,
      leftovers,
      ...namesOf(request, deps),
    })
    emit({ type: 'done', result })
  } catch (error) {
    out.end()
    emit({
      type: 'failed',
      error: explain(guard.signal.aborted ? guard.signal.reason : error, deps, request),
    })
  } finally {
    guard.stop()
    for (const work of await Promise.allSettled(leftovers))
      if (work.status === 'rejected')
        deps.log.warn('build.leftover', { app: request.app, error: work.reason })
  }
}

function namesOf(request: BuildRequest, deps: BuildDeps) {
  const { id, name } = deps.config.installation
  return {
    source: join(deps.home, HOME.sources, request.source),
    tag: `${name}-app-${request.app}:v${request.release}`,
    labels: {
      [LABELS.owner]: id,
      [LABELS.app]: request.app,
      [LABELS.appId]: request.appId,
      [LABELS.release]: String(request.release),
    },
  }
}

async function build(context: BuildContext): Promise<BuildResult> {
  const { request, deps, source } = context
  if (!(await exists(source))) throw new MaruError('apps.source_not_found', { source: request.source })
  const { freeMb } = await diskSpace(deps.home)
  if (freeMb < DISK_START_MB) {
    throw new MaruError('hosts.disk_full', { freeMb, path: deps.home, needMb: DISK_START_MB })
  }
  switch (request.recipe.kind) {
    case 'dockerfile':
      return buildDockerfile(context)
    case 'node':
      return finish(context, await buildNode(context, request.recipe))
    case 'static': {
      context.out.line('-----> Static site: nothing to build')
      const parts = [{ open: () => openArchive(source), prefix: '' }]
      const slug = await makeSlug(parts, slugFolder(context), context.signal)
      return finish(context, { stack: deps.config.images.app, slug, packages: undefined })
    }
  }
}

async function finish(context: BuildContext, { stack, slug, packages }: BuiltSlug): Promise<BuildResult> {
  const { docker } = context.deps
  const file = `${context.request.appId}/${basename(slug.path)}`
  const image = await layerImage(docker, {
    stack,
    slug: slug.path,
    diffId: slug.diffId,
    tag: context.tag,
    labels: {
      ...context.labels,
      [SLUG_LABEL]: file,
      ...(packages === undefined ? {} : { [PACKAGES_LABEL]: packages }),
    },
  })
  await removeUnusedSlugs(context)
  return { image, stack, slug: { file, bytes: slug.bytes }, defaultWeb: false }
}

/** Stops a build by its signal: the caller left or says why, its time is over, or the disk fills. The reason is the error. */
function startGuard(home: string, limits: BuildLimits, caller: AbortSignal) {
  const stop = new AbortController()
  const left = () =>
    stop.abort(
      caller.reason instanceof MaruError
        ? caller.reason
        : new MaruError('apps.build_failed', { reason: 'it was cancelled' }),
    )
  if (caller.aborted) left()
  caller.addEventListener('abort', left)
  const limit = (what: string) => stop.abort(new MaruError('apps.build_limit', { limit: what }))
  const time = setTimeout(() => limit(`${limits.timeoutS} s`), limits.timeoutS * 1000)
  const disk = setInterval(async () => {
    const { freeMb } = await diskSpace(home)
    if (freeMb < DISK_STOP_MB) limit(`disk space (${freeMb} MB are left on the host)`)
  }, DISK_POLL_MS)
  return {
    signal: stop.signal,
    stop: () => {
      clearTimeout(time)
      clearInterval(disk)
      caller.removeEventListener('abort', left)
    },
  }
}

function explain(error: unknown, { log }: BuildDeps, request: BuildRequest) {
  if (error instanceof MaruError) {
    if (error.cause !== undefined) log.warn('build.failed', { app: request.app, error })
    return error.toBody().error
  }
  log.error('build.broken', { app: request.app, error })
  const reason = error instanceof EngineRefusal ? error.message : 'the host could not carry it out'
  return new MaruError('apps.build_failed', { reason }).toBody().error
}
