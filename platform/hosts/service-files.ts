import { join } from 'node:path'
import { CONTROL_SERVICES, type ServiceName } from '#contract/fleet.ts'
import { CONTROL_NAME } from '#contract/host-identity.ts'
import { addressesOf, type Installation, POSTGRES_HOST, UID } from '#contract/installation.ts'
import type { ServiceBundle } from '#contract/service-bundle.ts'
import { componentOf, serviceAddress } from '#platform/mesh/index.ts'
import type { Authority } from '#platform/trust/index.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import { ensureSecrets } from './component-files.ts'
import { readControlSecrets } from './control-files.ts'
import { type DatabasePasswords, renderPatroni } from './database-tier.ts'
import { CERTIFICATE_DAYS, writePrivate, writeTls } from './private-files.ts'

interface Place {
  readonly installation: Installation
  readonly home: string
}

/** What bundles are made of, besides certificates. */
export interface Secrets {
  readonly passwords: DatabasePasswords
  readonly control: NonNullable<ServiceBundle['control']>
}

/** The secrets of the first host, which made them. */
export async function readOwnSecrets(home: string): Promise<Secrets> {
  const { control, ...passwords } = await ensureSecrets(home)
  return { passwords, control: await readControlSecrets(home, control) }
}

const isControl = (service: ServiceName) => CONTROL_SERVICES.some((one) => one === service)
const isStore = (service: ServiceName) => service.startsWith('etcd-')

/** Makes what a service needs on another host: all that is secret for a control plane, and as little as possible for others. */
export async function makeServiceBundle(
  installation: Installation,
  authority: Authority,
  { passwords, control }: Secrets,
  service: ServiceName,
): Promise<ServiceBundle> {
  const { certPem, keyPem } = await authority.issue({
    commonName: service,
    dnsNames: isControl(service)
      ? [CONTROL_NAME, installation.domain]
      : [...new Set([POSTGRES_HOST, service, componentOf(service)])],
    // What comes from other hosts comes from the gateway, and etcd compares its peers' addresses with their certificates.
    addresses: [
      serviceAddress(installation, service).address,
      addressesOf(installation).networks.data.gateway,
    ],
    days: CERTIFICATE_DAYS,
    client: true,
  })
  return {
    certificate: certPem,
    key: keyPem,
    root: authority.rootPem,
    passwords: isStore(service) ? null : passwords,
    control: isControl(service) ? control : null,
  }
}

/** The services that are files and a container, and nothing else. */
export type TierService = Exclude<ServiceName, (typeof CONTROL_SERVICES)[number]>

/** Writes what a service reads at its start on a host that is not the first. Gives its hash. */
export async function writeServiceFiles(
  { installation, home }: Place,
  service: TierService,
  bundle: ServiceBundle,
  stores: readonly string[],
): Promise<string> {
  const folder = join(home, componentOf(service))
  const uid = isStore(service) ? UID.etcd : UID.database
  const owner = { uid, gid: uid }
  for (const path of [folder, `${folder}/data`, `${folder}/tls`]) await ensureFolder(path, 0o700, owner)
  await writeTls(folder, bundle, uid)
  const parts = [bundle.certificate, bundle.root]
  if (!isStore(service) && bundle.passwords !== null) {
    // With an older list of stores it would be helpless when the ones that it knows are gone: so another list is another start.
    const n = service === 'postgres-1' ? 1 : 2
    const configWith = (all: readonly string[]) =>
      renderPatroni(installation, home, n, bundle.passwords as DatabasePasswords, all)
    await writePrivate(join(folder, 'patroni.yml'), configWith(stores), uid)
    // Which of them is asked first is no reason.
    parts.push(configWith([...stores].sort()))
  }
  return filesHash(...parts)
}
