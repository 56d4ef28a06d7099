import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { stackTags } from '#images/build-images.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import { type Docker, makeDocker } from '#runtime/drivers/docker.ts'
import {
  onOneDisk,
  STORE_DRIVER,
  STORE_INDEX,
  type StoredImage,
  shareImages,
} from '#runtime/drivers/docker-store.ts'
import { exists, readText } from '#runtime/drivers/files.ts'
import { inNewNamespaces } from '#runtime/drivers/namespaces.ts'
import { run } from '#runtime/drivers/process.ts'
import { mountOf } from './disks.ts'
import { runIn } from './enter.ts'
import { hostFolder, hostSocket, hostState, requireRunning } from './host.ts'
import { waitFor } from './keeper.ts'
import { type Lab, PROGRAM_DIR } from './lab.ts'
import { type HostPlan, hostsOf } from './plan.ts'

const ENGINE_TIMEOUT_MS = 60_000

/** Files of one engine cannot be those of the other, however it was tried. */
class NotShared extends Error {}

const unlessAway = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MaruError && error.code === 'hosts.engine_unavailable') return undefined
    throw error
  }
}

/** Those of the images that an engine has, also under the name that a Dockerfile begins with. */
async function present(docker: Docker, tags: readonly string[]): Promise<StoredImage[]> {
  const found = await Promise.all(tags.map(async (tag) => ({ tag, image: await docker.images.find(tag) })))
  return found.flatMap(({ tag, image }) =>
    image === undefined ? [] : [{ id: image.id, tags: [tag, latestOf(tag)] }],
  )
}
const latestOf = (tag: string) => tag.replace(/:.*/, ':latest')

/** The engine of a host that runs, reached from outside. */
export const engineOf = async (lab: Lab, host: HostPlan) =>
  makeDocker(hostSocket(await requireRunning(lab, host)))

async function startEngine(lab: Lab, host: HostPlan): Promise<Docker> {
  const node = [process.execPath, `${PROGRAM_DIR}/platform/hosts/engine-at-boot.ts`]
  const started = await runIn(lab, host.name, node)
  if (started.exitCode !== 0) throw new Error(started.stderr.trim())
  const docker = await engineOf(lab, host)
  const answers = () =>
    unlessAway(async () => {
      await docker.ping()
      return true
    })
  await waitFor(`the engine of ${host.name}`, answers, ENGINE_TIMEOUT_MS)
  return docker
}

/** An engine that has stack images of this program, and where its store is as seen from outside of all hosts. */
interface Source {
  readonly docker: Docker
  readonly store: string
  readonly images: readonly StoredImage[]
}

/** This machine's engine with the images that it has; else a host of the lab that has them all, as one has after its `up`. */
async function findSource(lab: Lab, host: HostPlan, tags: readonly string[]): Promise<Source | undefined> {
  if (await exists(DOCKER_SOCKET)) {
    const docker = makeDocker(DOCKER_SOCKET)
    const images = (await unlessAway(() => present(docker, tags))) ?? []
    if (images.length > 0) return { docker, store: (await docker.info()).rootDir, images }
  }
  for (const other of hostsOf(lab.plan)) {
    if (other.name === host.name || (await hostState(lab, other)) !== 'running') continue
    const docker = await engineOf(lab, other)
    const images = (await unlessAway(() => present(docker, tags))) ?? []
    if (images.length === tags.length) return { docker, store: storeOf(lab, other), images }
  }
  return undefined
}
const storeOf = (lab: Lab, host: HostPlan) => join(hostFolder(lab, host), 'disk/var/lib/docker')

/**
 * Starts the engine of a host with the stack images of this program that this machine's engine has, or another host of the lab, so
 * that `up` there has nothing to build. Gives how many those are; none, and no engine, where nobody has any.
 */
export async function giveImages(lab: Lab, host: HostPlan): Promise<number> {
  const tags = await stackTags(PROGRAM_DIR)
  const source = await findSource(lab, host, tags)
  if (source === undefined) return 0
  const { images } = source
  await share(lab, host, source)
  const docker = await startEngine(lab, host)
  const have = new Set((await present(docker, tags)).map(({ id }) => id))
  const missing = images.filter(({ id }) => !have.has(id)).flatMap((image) => image.tags.slice(0, 1))
  if (missing.length === 0) return images.length
  await docker.images.load(await source.docker.images.save(missing))
  for (const tag of missing) await docker.images.tag(tag, latestOf(tag))
  return images.length
}

/**
 * The layers as the very files that the other engine has: nothing is copied and nothing unpacked. Only for a host whose
 * engine has not started yet; where it is not possible, the images are handed over in full.
 */
async function share(lab: Lab, host: HostPlan, source: Source): Promise<void> {
  const store = storeOf(lab, host)
  const { storageDriver } = await source.docker.info()
  const possible = storageDriver === STORE_DRIVER && (await onOneDisk(source.store, store))
  if (!possible || (await exists(join(store, STORE_INDEX)))) return
  const mount = mountOf((await readText('/proc/self/mountinfo')) ?? '', lab.home)
  const script = join(PROGRAM_DIR, 'lab/link-trees.sh')
  try {
    await shareImages(source.store, store, source.images, async (pairs) => {
      const done = await run(inNewNamespaces(['mount'], [script, mount, ...pairs.flat()]))
      if (done.exitCode !== 0) throw new NotShared(done.stderr.trim())
    })
  } catch (error) {
    if (!(error instanceof NotShared)) throw error
  }
}
