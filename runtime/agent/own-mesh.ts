import type { PlatformConfig } from '#contract/agent.ts'
import { certificateNameOf, certificateNamesOf } from '#contract/host-identity.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { meshFiles, planMesh, reloadDoor, renewInUse, writeMesh } from '#platform/mesh/index.ts'
import {
  type Authority,
  checkCertificateRequest,
  daysLeft,
  newHostKey,
  openHostKey,
} from '#platform/trust/index.ts'
import { readText } from '#runtime/drivers/files.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { Credentials, HostMembership } from './membership.ts'

export interface OwnMesh {
  readonly config: AgentConfig
  readonly membership: HostMembership
  /** On the first host, which has no certificate from anybody else. */
  readonly authority: Authority | undefined
  readonly log: Log
}

/** Life of the first host's own certificate, and what must be left of it; below that it is renewed. */
const DAYS = { life: 90, renewBelow: 30 } as const

/** The platform's half of a host with what joins it to the others, where there are others. */
export async function withMesh(deps: OwnMesh, platform: PlatformConfig): Promise<PlatformConfig> {
  const { config, membership } = deps
  const { installation, home, host } = config
  const mesh = planMesh(installation, host.name, membership.fleet())
  if (mesh === undefined) return platform
  const credentials = await credentialsOf(deps)
  const certificatePem = `${credentials.cert.trim()}\n${credentials.key.trim()}\n`
  const rootPem = credentials.ca
  const image = config.images.edge
  const place = { installation, home, address: host.address, rootPem, certificatePem, image }
  const containers = await writeMesh(place, mesh)
  if (host.first) membership.show(credentials)
  const names = containers.map(({ component }) => component)
  if (await reloadDoor(home)) deps.log.info('agent.door_reloaded')
  const renewed = await renewInUse(home, names, certificatePem)
  if (renewed > 0) deps.log.info('agent.mesh_renewed', { processes: renewed })
  return { ...platform, containers: [...containers, ...platform.containers] }
}

/** A joined host shows what it was given; the first host, which has the authority, gives itself one. */
async function credentialsOf({ config, membership, authority }: OwnMesh): Promise<Credentials> {
  const given = membership.credentials()
  if (given !== null) return given
  if (authority === undefined) throw new Error('a host without a certificate and without the authority')
  const { name, address } = config.host
  const ca = authority.rootPem
  const have = credentialsIn((await readText(meshFiles(config.home).certificate)) ?? '')
  if (have !== undefined && daysLeft(have.cert, new Date()) >= DAYS.renewBelow) return { ...have, ca }
  // The others know a host by its key: a renewed certificate is for the same one.
  const { keyPem, request } = have === undefined ? await newHostKey() : await openHostKey(have.key)
  const { publicKey } = await checkCertificateRequest(await request(name))
  const cert = await authority.sign(publicKey, {
    commonName: certificateNameOf(name),
    dnsNames: certificateNamesOf(name),
    addresses: [address],
    days: DAYS.life,
    client: true,
  })
  return { cert, key: keyPem, ca }
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n/g

/** A file with a certificate and its key. */
function credentialsIn(pem: string): Pick<Credentials, 'cert' | 'key'> | undefined {
  const blocks = new Map([...pem.matchAll(PEM_BLOCK)].map(([block, kind]) => [kind, block]))
  const [cert, key] = [blocks.get('CERTIFICATE'), blocks.get('PRIVATE KEY')]
  return cert === undefined || key === undefined ? undefined : { cert, key }
}
