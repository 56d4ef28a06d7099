import { createReadStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type BuildRecipe, ContainerSpec } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import { addressesOf, UID } from '#contract/installation.ts'
import { BUILD_EXIT, BUILDER, type BuildOrder } from '#images/builder/layout.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { BuildContext } from './build-context.ts'
import { makeSlug, type Slug } from './slug.ts'
import { slugFolder } from './slug-store.ts'

export type NodeRecipe = Extract<BuildRecipe, { kind: 'node' }>

const REMOVE_ATTEMPTS = 60
const REMOVE_PAUSE_MS = 1000
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Installs and builds a Node app in a confined container; gives its slug. */
export async function buildInContainer(
  context: BuildContext,
  recipe: NodeRecipe,
  nodeDir: string | undefined,
): Promise<Slug> {
  const { docker, config } = context.deps
  const { id: owner, name } = config.installation
  const cache = `${name}-cache-${context.request.appId}`
  await docker.volumes.ensure(cache, context.labels)
  const volumes = [
    { name: '', target: BUILDER.app },
    { name: cache, target: BUILDER.cache },
  ]
  const id = await docker.containers.create(builderSpec(context, recipe, nodeDir), owner, { volumes })
  // Removing the container is how a build is stopped; whatever waits for it then goes on and fails.
  const abort = () => void docker.containers.remove(id).catch(() => {})
  context.signal.addEventListener('abort', abort)
  try {
    context.signal.throwIfAborted()
    await runBuilder(context, id)
    const made = { open: () => docker.containers.getArchive(id, BUILDER.app), prefix: 'app/' }
    return await makeSlug([made], slugFolder(context), context.signal)
  } finally {
    context.signal.removeEventListener('abort', abort)
    context.leftovers.push(removeBuilder(docker, id))
  }
}

/** An engine that died meanwhile is soon back; its containers are too. */
async function removeBuilder(docker: Docker, id: string, attempts = REMOVE_ATTEMPTS): Promise<void> {
  try {
    await docker.containers.remove(id)
  } catch (error) {
    const away = error instanceof MaruError && error.code === 'hosts.engine_unavailable'
    if (!away || attempts === 0) throw error
    await pause(REMOVE_PAUSE_MS)
    await removeBuilder(docker, id, attempts - 1)
  }
}

function builderSpec(context: BuildContext, recipe: NodeRecipe, nodeDir: string | undefined): ContainerSpec {
  const { request, deps, limits } = context
  const { installation, images, hostCaBundle } = deps.config
  const order: BuildOrder = { manager: recipe.manager, buildScript: recipe.buildScript }
  const node = nodeDir === undefined ? [] : [{ source: nodeDir, target: BUILDER.node, readOnly: true }]
  const binary = nodeDir === undefined ? '' : `${BUILDER.node}:`
  return ContainerSpec.parse({
    name: `${installation.name}-build-${randomId(request.app)}`,
    component: 'build',
    image: images.builder,
    entrypoint: [],
    // The platform's Node runs the program; the app's own Node is first in PATH for everything that it starts.
    command: ['/usr/local/bin/node', BUILDER.program, JSON.stringify(order)],
    user: `${UID.build}:${UID.build}`,
    workingDir: BUILDER.app,
    env: {
      ...request.env,
      PATH: `${binary}${PATH}`,
      HOME: '/tmp/home',
      NODE_EXTRA_CA_CERTS: BUILDER.hostCa,
      SSL_CERT_FILE: BUILDER.hostCa,
    },
    labels: context.labels,
    networks: [{ name: addressesOf(installation).networks.build.name }],
    mounts: [{ source: hostCaBundle, target: BUILDER.hostCa, readOnly: true }, ...node],
    tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,size=512m,mode=1777' },
    restart: 'no',
    memoryMb: limits.memoryMb,
    cpus: limits.cpus,
    processes: limits.processes,
  })
}

async function runBuilder(context: BuildContext, id: string): Promise<void> {
  const { containers } = context.deps.docker
  await containers.putArchive(id, createReadStream(context.source), BUILDER.app)
  const attached = await containers.attach(id, { tty: false })
  const follow = async () => {
    for await (const frame of attached.output) context.out.write(frame)
    context.out.end()
  }
  try {
    await containers.start(id)
    // Not before the start: waiting for a container that has not run yet ends at once.
    const [exitCode] = await Promise.all([containers.wait(id), follow()])
    context.signal.throwIfAborted()
    if (exitCode !== BUILD_EXIT.done) throw await failureOf(context, id, exitCode)
  } finally {
    attached.close()
  }
}

const REASONS: Readonly<Record<number, string>> = {
  [BUILD_EXIT.install]: 'its dependencies could not be installed',
  [BUILD_EXIT.script]: 'the build script failed',
  [BUILD_EXIT.prune]: 'its development dependencies could not be removed',
}

async function failureOf({ deps, limits }: BuildContext, id: string, exitCode: number): Promise<MaruError> {
  const outOfMemory = (await deps.docker.containers.inspect(id))?.outOfMemory === true
  if (exitCode === BUILD_EXIT.memory || outOfMemory) {
    return new MaruError('apps.build_limit', { limit: `${limits.memoryMb} MB of memory` })
  }
  if (exitCode === BUILD_EXIT.processes) {
    return new MaruError('apps.build_limit', { limit: `${limits.processes} processes` })
  }
  const reason = REASONS[exitCode] ?? `the builder ended with exit code ${exitCode}`
  return new MaruError('apps.build_failed', { reason })
}
