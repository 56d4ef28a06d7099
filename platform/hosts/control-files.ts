import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import type { ControlService } from '#contract/fleet.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import {
  addressesOf,
  ControlConfig,
  HOME,
  type Installation,
  POSTGRES_HOST,
  SOCKETS,
  UID,
} from '#contract/installation.ts'
import type { ServiceBundle } from '#contract/service-bundle.ts'
import { readAuthorityKey } from '#platform/trust/index.ts'
import { ensureFolder, readText } from '#runtime/drivers/files.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import { tlsFiles } from './database-tier.ts'
import { writePrivate, writeTls } from './private-files.ts'

/** Name of the control planes' database and of its role. */
export const CONTROL_ROLE = 'maru_control'

/** A host with a control plane. */
export interface ControlPlace {
  readonly installation: Installation
  readonly home: string
  readonly version: string
  readonly host: HostIdentity
}

/** The secrets that every control plane has, the same on each host. */
export const controlFiles = (home: string) => ({
  masterKey: join(home, HOME.control, 'master.key'),
  authSecret: join(home, HOME.control, 'auth.secret'),
})

/** What a control plane reads at its start. */
export function renderControlConfig(
  { installation, home, version, host }: ControlPlace,
  password: string,
  service: ControlService,
): string {
  const addresses = addressesOf(installation)
  const tls = tlsFiles(join(home, HOME.control))
  const secrets = controlFiles(home)
  const caFile = join(home, HOME.pki, 'root.crt')
  const config = ControlConfig.parse({
    installation,
    version,
    host,
    database: {
      host: POSTGRES_HOST,
      port: addresses.postgresPort,
      user: CONTROL_ROLE,
      password,
      name: CONTROL_ROLE,
      caFile,
    },
    appDatabase: { host: POSTGRES_HOST, port: addresses.postgresPort },
    patroni: addresses.postgres.map((address, index) => ({
      member: HOME.postgres(index + 1),
      url: `https://${address}:${addresses.patroniPort}`,
    })),
    patroniCa: caFile,
    masterKeyFile: secrets.masterKey,
    authSecretFile: secrets.authSecret,
    caFile,
    artifactsDir: join(home, HOME.artifacts),
    agentSocket: join(home, HOME.run, SOCKETS.agent),
    controlSocket: join(home, HOME.run, SOCKETS.control),
    listen: {
      host: addresses[service].edge,
      port: addresses.controlPort,
      certFile: tls.cert,
      keyFile: tls.key,
    },
  } satisfies Omit<ControlConfig, 'logLevel'>)
  return `${JSON.stringify(config, null, 2)}\n`
}

/** The first host's secrets for a control plane on another one. */
export async function readControlSecrets(
  home: string,
  database: string,
): Promise<NonNullable<ServiceBundle['control']>> {
  const files = controlFiles(home)
  const [masterKey, authSecret, authorityKey] = await Promise.all([
    readText(files.masterKey),
    readText(files.authSecret),
    readAuthorityKey(join(home, HOME.pki)),
  ])
  if (masterKey === undefined || authSecret === undefined || authorityKey === undefined)
    throw new MaruError('not_found', { path: 'the secrets of the control plane' })
  return { masterKey: masterKey.trim(), authSecret: authSecret.trim(), database, authorityKey }
}

/** Writes what a control plane reads at its start on a host that is not the first. Gives its hash. */
export async function writeGivenControl(
  place: ControlPlace,
  service: ControlService,
  bundle: ServiceBundle,
): Promise<string> {
  if (bundle.control === null) throw new Error('a control plane without its secrets')
  const { home } = place
  const owner = { uid: UID.control, gid: UID.control }
  const folder = join(home, HOME.control)
  await ensureFolder(join(home, HOME.run, 'agent'), 0o750, { uid: 0, gid: UID.control })
  await ensureFolder(join(home, HOME.run, 'control'), 0o750, owner)
  await ensureFolder(folder, 0o750, owner)
  await ensureFolder(join(folder, 'tls'), 0o700, owner)
  const secrets = controlFiles(home)
  const write = (path: string, text: string) => writePrivate(path, text, UID.control)
  await writeTls(folder, bundle, UID.control)
  await write(secrets.masterKey, `${bundle.control.masterKey}\n`)
  await write(secrets.authSecret, `${bundle.control.authSecret}\n`)
  const config = renderControlConfig(place, bundle.control.database, service)
  await write(join(folder, 'config.json'), config)
  return filesHash(bundle.certificate, bundle.root, config)
}
