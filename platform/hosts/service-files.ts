import { join } from 'node:path'
import type { ServiceName } from '#contract/fleet.ts'
import { CONTROL_NAME } from '#contract/host-identity.ts'
import { addressesOf, type Installation, POSTGRES_HOST, UID } from '#contract/installation.ts'
import type { ServiceBundle } from '#contract/service-bundle.ts'
import { serviceAddress } from '#platform/mesh/index.ts'
import type { Authority } from '#platform/trust/index.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import { ensureSecrets } from './component-files.ts'
import { readControlSecrets } from './control-files.ts'
import { renderPatroni } from './database-tier.ts'
import { CERTIFICATE_DAYS, writePrivate, writeTls } from './private-files.ts'

interface Place {
  readonly installation: Installation
  readonly home: string
}

/** Makes what a service needs on another host. Only where the authority's key and the secrets are. */
export async function makeServiceBundle(
  { installation, home }: Place,
  authority: Authority,
  service: ServiceName,
): Promise<ServiceBundle> {
  const isControl = service === 'control-2'
  const { certPem, keyPem } = await authority.issue({
    commonName: service,
    dnsNames: isControl ? [CONTROL_NAME, installation.domain] : [POSTGRES_HOST, service],
    // What comes from other hosts comes from the gateway, and etcd compares its peers' addresses with their certificates.
    addresses: [
      serviceAddress(installation, service).address,
      addressesOf(installation).networks.data.gateway,
    ],
    days: CERTIFICATE_DAYS,
    client: true,
  })
  const { superuser, replication, rewind, control: database } = await ensureSecrets(home)
  const passwords = service.startsWith('postgres-') ? { superuser, replication, rewind } : null
  const control = isControl ? await readControlSecrets(home, database) : null
  return { certificate: certPem, key: keyPem, root: authority.rootPem, passwords, control }
}

/** Writes what a service reads at its start on a host that is not the first. Gives its hash. */
export async function writeServiceFiles(
  { installation, home }: Place,
  service: 'etcd-2' | 'etcd-3' | 'postgres-2',
  bundle: ServiceBundle,
  stores: readonly string[],
): Promise<string> {
  const folder = join(home, service)
  const uid = service === 'postgres-2' ? UID.database : UID.etcd
  const owner = { uid, gid: uid }
  for (const path of [folder, `${folder}/data`, `${folder}/tls`]) await ensureFolder(path, 0o700, owner)
  await writeTls(folder, bundle, uid)
  const parts = [bundle.certificate, bundle.root]
  if (service === 'postgres-2' && bundle.passwords !== null) {
    // With an older list of stores it would be helpless when the ones that it knows are gone: so another list is another start.
    const config = renderPatroni(installation, home, 2, bundle.passwords, stores)
    await writePrivate(join(folder, 'patroni.yml'), config, uid)
    parts.push(config)
  }
  return filesHash(...parts)
}
