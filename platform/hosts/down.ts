import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { addressesOf, HOME, type Installation } from '#contract/installation.ts'
import { IMAGE_LABEL, removeImageWork } from '#images/build-images.ts'
import { ADDRESS_COMPONENT } from '#platform/virtual-address/index.ts'
import { type Docker, LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { removeFirstGroup } from '#runtime/drivers/first-group.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { removeClosedAtStart } from './closed-at-start.ts'
import { ENGINE_PID_FILE, startInstalledEngine, supervisorPid } from './engine.ts'
import { removeTables } from './filter-tables.ts'
import { DOCKER_SOCKET } from './host-facts.ts'
import { takeLock } from './lock.ts'
import type { HostProgress } from './progress.ts'
import { forgetInstallation, loadInstallation } from './registry.ts'
import { removeSystemdSettings } from './systemd-settings.ts'
import { removeWrapper } from './wrapper.ts'

/** The installation of a data folder; `hosts.not_installed` where there is none. */
export async function requireInstallation(home: string): Promise<Installation> {
  const installation = await loadInstallation(home)
  if (installation === undefined) throw new MaruError('hosts.not_installed', { home })
  return installation
}

/** Stops everything that the installation runs; nothing is removed. Gives the names of what was stopped. */
export async function down(home: string): Promise<string[]> {
  const installation = await requireInstallation(home)
  const unlock = await takeLock(home, 'down')
  try {
    return await stopAll(makeDocker(DOCKER_SOCKET), installation)
  } finally {
    unlock()
  }
}

/**
 * The agent first, or it would start the others again; then the address, so that visitors go elsewhere while there still is an
 * edge; the databases last, when nobody writes any more. Once more until nothing is found: what the agent had asked the engine to
 * start when it ended may begin after its turn.
 */
async function stopAll(docker: Docker, installation: Installation): Promise<string[]> {
  const names: string[] = []
  let found: readonly string[]
  do {
    found = await stopInTurn(docker, installation)
    names.push(...found)
  } while (found.length > 0)
  return names
}

async function stopInTurn(docker: Docker, installation: Installation): Promise<string[]> {
  const names: string[] = []
  for (const turn of [0, 1, 2, 3, 4, 5]) {
    const group = (await docker.containers.list({ [LABELS.owner]: installation.id })).filter(
      ({ state, labels }) =>
        (state === 'running' || state === 'restarting') && turnOf(labels[LABELS.component]) === turn,
    )
    await Promise.all(group.map(({ id }) => docker.containers.stop(id)))
    names.push(...group.map(({ name }) => name))
  }
  return names
}

function turnOf(component: string | undefined): number {
  if (component === 'agent') return 0
  if (component === ADDRESS_COMPONENT) return 1
  if (component === 'pgproxy') return 3
  if (component?.startsWith('postgres-')) return 4
  return component?.startsWith('etcd') ? 5 : 2
}

export interface DestroyOptions {
  readonly keepImages?: boolean
  readonly programDir: string
  readonly progress: HostProgress
}

/**
 * Removes all that carries the installation's label, its data folder, and what it put on the machine. An engine that does not
 * run is started for that; on a machine that has none, there is nothing of it to remove.
 */
export async function destroy(home: string, options: DestroyOptions): Promise<string[]> {
  const installation = await requireInstallation(home)
  const unlock = await takeLock(home, 'destroy')
  try {
    const docker = await startInstalledEngine(home, options.programDir, options.progress)
    if (docker !== undefined) await refuseGuests(docker, installation)
    const removed = docker === undefined ? [] : await removeOwned(docker, installation)
    if (docker !== undefined) await removeTables(installation, makeNft())
    await removeWrapper({ installation })
    const isLast = (await forgetInstallation(installation.name)).length === 0
    if (docker !== undefined) removed.push(...(await leaveEngine(docker, home, isLast, options)))
    await removeClosedAtStart(installation, isLast)
    await removeDataFolder(home)
    return [...removed, home]
  } finally {
    unlock()
  }
}

/** Takes from the engine what installations share, when the last of them goes. */
async function leaveEngine(
  docker: Docker,
  home: string,
  isLast: boolean,
  { keepImages = false }: DestroyOptions,
): Promise<string[]> {
  const removed = isLast && !keepImages ? await removeImages(docker) : []
  await removeFirstGroup(await docker.info())
  await releaseEngine(docker, isLast, join(home, HOME.logs, 'engine.log'))
  return removed
}

/** The engine removes no network in which somebody else's container is. */
async function refuseGuests(docker: Docker, installation: Installation): Promise<void> {
  const owned = { [LABELS.owner]: installation.id }
  const all = await docker.containers.list({})
  const { build } = addressesOf(installation).networks
  for (const { name: network } of await docker.networks.list(owned)) {
    // The engine's own containers of a build have no label; they end with the build.
    if (network === build.name) continue
    const members = new Set(await docker.networks.members(network))
    const guests = all.filter(({ id, labels }) => members.has(id) && labels[LABELS.owner] !== installation.id)
    if (guests.length > 0)
      throw new MaruError('hosts.network_in_use', {
        network,
        containers: guests.map(({ name }) => name).join(', '),
      })
  }
}

/** A data folder may be a disk of its own, which cannot be removed: then it is left empty. */
async function removeDataFolder(home: string): Promise<void> {
  await removeImageWork(home)
  for (const name of await readdir(home)) await rm(join(home, name), { recursive: true, force: true })
  await rmdir(home).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EBUSY') throw error
  })
}

async function removeOwned(docker: Docker, installation: Installation): Promise<string[]> {
  const owned = { [LABELS.owner]: installation.id }
  const removed: string[] = []
  await stopAll(docker, installation)
  for (const { id, name } of await docker.containers.list(owned)) {
    await docker.containers.remove(id)
    removed.push(`container ${name}`)
  }
  for (const { name } of await docker.networks.list(owned)) {
    await docker.networks.remove(name)
    removed.push(`network ${name}`)
  }
  for (const name of await docker.volumes.list(owned)) {
    await docker.volumes.remove(name)
    removed.push(`volume ${name}`)
  }
  for (const { id } of await docker.images.list(owned)) {
    await docker.images.remove(id, { force: true })
    removed.push(`image ${id.slice(7, 19)}`)
  }
  return removed
}

/** The stack images, which installations share: gone with the last of them. The newest first: others stand on it. */
async function removeImages(docker: Docker): Promise<string[]> {
  const removed: string[] = []
  const order = [
    'platform',
    'console',
    'app',
    'builder',
    'packages',
    'node',
    'edge',
    'detector',
    'patroni',
    'database',
    'base',
  ]
  const images = (await docker.images.list({})).filter(({ labels }) => labels[IMAGE_LABEL] !== undefined)
  const rank = (name: string | undefined) => order.indexOf(name ?? '')
  for (const image of images.sort((a, b) => rank(a.labels[IMAGE_LABEL]) - rank(b.labels[IMAGE_LABEL]))) {
    for (const tag of image.tags) {
      if (tag.startsWith('maru/') && (await docker.images.remove(tag))) removed.push(`image ${tag}`)
    }
  }
  return removed
}

/** The engine ends only if an installation started it and no container of anybody is left there. */
async function releaseEngine(docker: Docker, isLast: boolean, log: string): Promise<void> {
  const isIdle = (await docker.containers.list({})).length === 0
  if (isLast) await removeSystemdSettings(isIdle, log)
  const pid = await supervisorPid()
  if (pid === undefined || !isIdle) return
  process.kill(pid, 'SIGTERM')
  await rm(ENGINE_PID_FILE, { force: true })
}
