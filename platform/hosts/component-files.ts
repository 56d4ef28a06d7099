import { randomBytes, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { CONTROL_NAME, type HostIdentity } from '#contract/host-identity.ts'
import {
  AgentConfig,
  addressesOf,
  HOME,
  type Installation,
  POSTGRES_HOST,
  UID,
} from '#contract/installation.ts'
import { issuedBy, prepareEdge } from '#platform/edge/index.ts'
import { type Authority, daysLeft } from '#platform/trust/index.ts'
import {
  ensureFolder,
  type Owner,
  readText,
  writeFileAtomic,
  writeFileIfChanged,
} from '#runtime/drivers/files.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import { controlFiles, renderControlConfig } from './control-files.ts'
import { renderPatroni, renderPgproxy, tlsFiles } from './database-tier.ts'
import { HOST_RUN } from './platform-config.ts'
import { CERTIFICATE_DAYS, RENEW_DAYS, writePrivate, writeTls } from './private-files.ts'

const ROOT: Owner = { uid: 0, gid: 0 }
const ownerOf = (uid: number): Owner => ({ uid, gid: uid })

export interface FilesInput {
  readonly installation: Installation
  readonly home: string
  readonly version: string
  readonly host: HostIdentity
  readonly authority: Authority
  readonly hostCaBundle: string
  /** Addresses of the cluster's store. */
  readonly stores: readonly string[]
  readonly images: {
    readonly app: string
    readonly builder: string
    readonly database: string
    readonly edge: string
    readonly detector: string
  }
}

/** Secrets of the installation; made once, kept in HOME/secrets for root alone. */
export interface PlatformSecrets {
  readonly superuser: string
  readonly replication: string
  readonly rewind: string
  readonly control: string
}

const ONLY_FIRST = [
  HOME.secrets,
  HOME.control,
  HOME.etcd,
  HOME.postgres(1),
  `${HOME.run}/agent`,
  `${HOME.run}/control`,
]

/** Folders of the data folder, with the owners that their users need. */
export async function ensureFolders(home: string, isFirst: boolean): Promise<void> {
  const at = (path: string) => join(home, path)
  await ensureFolder(home, 0o711, ROOT)
  const folders: Array<[string, number, Owner]> = [
    [HOME.secrets, 0o700, ROOT],
    [HOME.pki, 0o755, ROOT],
    [HOME.logs, 0o750, ROOT],
    [HOME.run, 0o755, ROOT],
    [`${HOME.run}/agent`, 0o750, { uid: 0, gid: UID.control }],
    [`${HOME.run}/control`, 0o750, ownerOf(UID.control)],
    [HOME.control, 0o750, ownerOf(UID.control)],
    [HOME.agent, 0o700, ROOT],
    [HOME.edge, 0o750, { uid: 0, gid: UID.edge }],
    [HOME.artifacts, 0o750, ownerOf(UID.control)],
    [HOME.sources, 0o750, ownerOf(UID.control)],
    [HOME.slugs, 0o750, ownerOf(UID.control)],
    [HOME.pgproxy, 0o755, ROOT],
    [`${HOME.pgproxy}/run`, 0o700, ownerOf(UID.pgproxy)],
    ...componentFolders(HOME.etcd, ownerOf(UID.etcd)),
    ...componentFolders(HOME.postgres(1), ownerOf(UID.database)),
    ...componentFolders(HOME.postgres(2), ownerOf(UID.database)),
  ]
  // What a joined host needs of these, its agent makes.
  const isElsewhere = (path: string) =>
    !isFirst && ONLY_FIRST.some((own) => path === own || path.startsWith(`${own}/`))
  const here = folders.filter(([path]) => !isElsewhere(path))
  for (const [path, mode, owner] of here) await ensureFolder(at(path), mode, owner)
}

function componentFolders(folder: string, owner: Owner): Array<[string, number, Owner]> {
  return [
    [folder, 0o700, owner],
    [`${folder}/data`, 0o700, owner],
    [`${folder}/tls`, 0o700, owner],
  ]
}

/** Reads the secrets; those that are missing are made. */
export async function ensureSecrets(home: string): Promise<PlatformSecrets> {
  const secret = (name: string) => ensureSecret(join(home, HOME.secrets, name), ROOT)
  return {
    superuser: await secret('postgres-superuser'),
    replication: await secret('postgres-replication'),
    rewind: await secret('postgres-rewind'),
    control: await secret('control-database'),
  }
}

async function ensureSecret(path: string, owner: Owner, encoding: 'base64' | 'base64url' = 'base64url') {
  const have = await readText(path)
  if (have !== undefined) return have.trim()
  const made = randomBytes(32).toString(encoding)
  await writeFileAtomic(path, `${made}\n`, { mode: 0o600, owner })
  return made
}

/** Writes every file that a component reads at its start. Gives a hash of them for each component. */
export async function writeComponentFiles(
  input: FilesInput,
  secrets: PlatformSecrets,
): Promise<Record<string, string>> {
  const { installation, home, authority } = input
  const addresses = addressesOf(installation)
  const hashes: Record<string, string> = {}
  const etcdFolder = join(home, HOME.etcd)
  const etcdAddresses = [addresses.etcd[0], addresses.networks.data.gateway]
  hashes.etcd = await certificate(authority, etcdFolder, 'etcd', etcdAddresses, UID.etcd)
  for (const n of [1, 2] as const) {
    const member = HOME.postgres(n)
    const folder = join(home, member)
    const tls = await certificate(authority, folder, member, [addresses.postgres[n - 1] ?? ''], UID.database)
    const config = renderPatroni(installation, home, n, secrets, input.stores)
    await writePrivate(join(folder, 'patroni.yml'), config, UID.database)
    // Where the stores are is asked of the stores: another list is no reason to start anew.
    hashes[member] = filesHash(tls, renderPatroni(installation, home, n, secrets))
  }
  hashes.pgproxy = await writePgproxy({ installation, home, rootPem: authority.rootPem })
  hashes.control = await writeControl(input, secrets)
  hashes.agent = await writeAgent(input)
  const certificates = issuedBy(authority, input.host.name)
  await prepareEdge({ installation, home, rootPem: authority.rootPem, certificates, now: () => new Date() })
  return hashes
}

/** Writes what the way to the database reads at its start. Gives its hash. */
export async function writePgproxy({
  installation,
  home,
  rootPem,
}: Pick<FilesInput, 'installation' | 'home'> & { readonly rootPem: string }): Promise<string> {
  const folder = join(home, HOME.pgproxy)
  const config = renderPgproxy(installation, home)
  await writeFileIfChanged(join(folder, 'haproxy.cfg'), config, { mode: 0o644 })
  await writeFileIfChanged(join(folder, 'ca.crt'), rootPem, { mode: 0o644 })
  return filesHash(config, rootPem)
}

async function writeControl(input: FilesInput, secrets: PlatformSecrets): Promise<string> {
  const { installation, home, authority } = input
  const folder = join(home, HOME.control)
  const { control } = addressesOf(installation)
  const owner = ownerOf(UID.control)
  await ensureFolder(join(folder, 'tls'), 0o700, owner)
  const names = [CONTROL_NAME, installation.domain]
  const tls = await certificate(authority, folder, 'control', [control.edge], UID.control, names)
  const secretFiles = controlFiles(home)
  await ensureSecret(secretFiles.masterKey, owner, 'base64')
  await ensureSecret(secretFiles.authSecret, owner)
  const text = renderControlConfig(input, secrets.control, 'control')
  await writePrivate(join(folder, 'config.json'), text, UID.control)
  return filesHash(tls, text)
}

/** Writes what the agent reads at its start. Gives its hash. */
export async function writeAgent(input: Omit<FilesInput, 'authority' | 'stores'>): Promise<string> {
  const config = AgentConfig.parse({
    installation: input.installation,
    version: input.version,
    home: input.home,
    dockerSocket: `${HOST_RUN}/docker.sock`,
    host: input.host,
    images: input.images,
    hostCaBundle: input.hostCaBundle,
  } satisfies Omit<AgentConfig, 'logLevel'>)
  const text = `${JSON.stringify(config, null, 2)}\n`
  await writeFileIfChanged(join(input.home, HOME.agent, 'config.json'), text, { mode: 0o600 })
  return filesHash(text)
}

/** Issues a component's certificate unless a good one from this authority is there. Gives its hash. */
async function certificate(
  authority: Authority,
  folder: string,
  component: string,
  addresses: readonly string[],
  uid: number,
  dnsNames: readonly string[] = [POSTGRES_HOST, component],
): Promise<string> {
  const files = tlsFiles(folder)
  const [have, ca] = await Promise.all([readText(files.cert), readText(files.ca)])
  const good =
    have !== undefined &&
    ca === authority.rootPem &&
    daysLeft(have, new Date()) > RENEW_DAYS &&
    addresses.every((address) => new X509Certificate(have).checkIP(address) !== undefined)
  if (good && (await readText(files.key)) !== undefined) return filesHash(have, ca)
  const issued = await authority.issue({
    commonName: component,
    dnsNames,
    addresses,
    days: CERTIFICATE_DAYS,
    client: true,
  })
  const content = { certificate: issued.certPem, key: issued.keyPem, root: authority.rootPem }
  await writeTls(folder, content, uid)
  return filesHash(issued.certPem, authority.rootPem)
}
