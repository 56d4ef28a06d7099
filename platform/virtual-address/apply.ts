import type { ContainerSpec } from '#contract/agent.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import type { Installation } from '#contract/installation.ts'
import { type Docker, hashSpec, LABELS } from '#runtime/drivers/docker.ts'
import { ensureFolder, readText, writeFileAtomic, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import { ADDRESS_COMPONENT, addressContainer, addressFiles } from './layout.ts'
import type { AddressDuty } from './plan.ts'
import { renderKeepalived } from './render.ts'

export interface AddressKeeper {
  readonly installation: Installation
  readonly home: string
  readonly host: Pick<HostIdentity, 'name' | 'address'>
  /** An image with keepalived. */
  readonly image: string
  readonly docker: Docker
}

const OF_ROOT = { mode: 0o600 }

/**
 * Writes what keepalived reads, and tells it to read it again where it runs with something else: nothing that it holds is let
 * go for that. Gives its container.
 */
export async function writeAddress(
  { installation, home, host, image, docker }: AddressKeeper,
  duty: AddressDuty,
  { device, isHeld }: { readonly device: string; readonly isHeld: boolean },
): Promise<ContainerSpec> {
  const files = addressFiles(home)
  await ensureFolder(files.folder, 0o700)
  await ensureFolder(files.run, 0o700)
  if ((await readText(files.gaveUp)) === undefined) await giveUp(home, false)
  const place = { host: host.name, own: host.address, device, httpsPort: installation.ports.https }
  const config = renderKeepalived(duty, place, files)
  await writeFileIfChanged(files.config, config, OF_ROOT)
  const spec = addressContainer(installation, home, image)
  const hash = filesHash(config)
  if ((await readText(files.told)) !== hash) {
    await docker.containers.kill(spec.name, 'SIGHUP')
    await writeFileAtomic(files.told, hash, OF_ROOT)
  }
  return isHeld && duty.peers.length > 0 ? await asItRuns(docker, installation, spec) : spec
}

/**
 * A newer image is no reason to let the address go to another host and cut what visitors have begun: who holds it goes on with the
 * one that it has.
 */
async function asItRuns(
  docker: Docker,
  { id }: Pick<Installation, 'id'>,
  spec: ContainerSpec,
): Promise<ContainerSpec> {
  const own = await docker.containers.list({ [LABELS.owner]: id, [LABELS.component]: ADDRESS_COMPONENT })
  const older = own.map((one) => ({ now: one.specHash, spec: { ...spec, image: one.image } }))
  return older.find((one) => hashSpec(one.spec) === one.now)?.spec ?? spec
}

/** Whether the host has given the address up. */
export const hasGivenUp = async (home: string): Promise<boolean> =>
  (await readText(addressFiles(home).gaveUp))?.trim() === '1'

/** Has keepalived give the address up, or stand by for it again. */
export const giveUp = (home: string, isGiven: boolean): Promise<void> =>
  writeFileAtomic(addressFiles(home).gaveUp, isGiven ? '1\n' : '0\n', OF_ROOT)
