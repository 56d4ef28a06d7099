import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type ContainerSpec, FILES_LABEL, PlatformConfig } from '#contract/agent.ts'
import { HOME } from '#contract/installation.ts'
import { hashContainer, LABELS } from '#runtime/drivers/docker.ts'
import { readJson } from '#runtime/drivers/files.ts'
import type { DrillPlace } from './drill.ts'
import { waitUntil } from './wait-until.ts'

/** A volume over a folder of a member. */
export interface Cover {
  readonly volume: string
  readonly target: string
  /** What is in it at the start (tar). */
  readonly files?: Readable
}

const REMOVED_S = 60

/**
 * Puts a member into a container that differs from its own in one volume only. Its name and its spec's hash are those of its
 * own, so the agent keeps it as it would keep that one. Removed, it is followed by the member's own again.
 */
export async function standIn(
  place: DrillPlace,
  member: string,
  { volume, target, files }: Cover,
): Promise<void> {
  const { installation } = place
  const { docker, home, root, takeLock } = await place.hostOf(member)
  const name = `${installation.name}-${member}`
  const config = PlatformConfig.parse(await readJson(join(root, home, HOME.platform)))
  const own = await docker.containers.inspect(name)
  const spec = withFiles(
    config.containers.find((one) => one.name === name),
    own?.labels[FILES_LABEL],
  )
  if (spec === undefined || own?.labels[LABELS.spec] !== hashContainer(spec))
    throw new Error(`${member} is not as it should be`)
  // The agent leaves the platform's containers alone while somebody else is at them.
  const release = await takeLock()
  try {
    await docker.containers.stop(own.id)
    await docker.containers.remove(own.id)
    await docker.containers.create(spec, installation.id, { volumes: [{ name: volume, target }] })
    if (files !== undefined) await docker.containers.putArchive(name, files, target)
    await docker.containers.start(name)
  } finally {
    release()
  }
}

/** As the agent of a host that joined starts it: with the name of the files that it was given. On the first host it has that already. */
const withFiles = (spec: ContainerSpec | undefined, files: string | undefined): ContainerSpec | undefined =>
  spec && files !== undefined ? { ...spec, labels: { ...spec.labels, [FILES_LABEL]: files } } : spec

/** Removes it with its volume; the agent makes the member's own container again. */
export async function removeStandIn(
  { hostOf, installation }: DrillPlace,
  member: string,
  volume: string,
): Promise<void> {
  const { docker } = await hostOf(member)
  const name = `${installation.name}-${member}`
  await docker.containers.stop(name)
  await docker.containers.remove(name)
  const { signal } = new AbortController()
  await waitUntil(`Removing ${volume}`, { timeoutS: REMOVED_S, signal }, async () => {
    await docker.volumes.remove(volume).catch(() => {})
    return !(await docker.volumes.list({ [LABELS.owner]: installation.id })).includes(volume)
  })
}
