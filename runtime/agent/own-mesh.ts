import type { PlatformConfig } from '#contract/agent.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { meshFiles, planMesh, reloadDoor, renewInUse, writeMesh } from '#platform/mesh/index.ts'
import { daysLeft, newHostKey, openHostKey } from '#platform/trust/index.ts'
import { readText } from '#runtime/drivers/files.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { Credentials, HostMembership } from './membership.ts'
import { type Signer, signHost } from './signer.ts'

export interface OwnMesh {
  readonly config: AgentConfig
  readonly membership: HostMembership
  readonly signer: Signer
  readonly log: Log
}

/** What must be left of a certificate. The control plane renews it long before, with another key. */
const LEAST_DAYS = 1

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
  membership.show()
  const names = containers.map(({ component }) => component)
  if (await reloadDoor(home)) deps.log.info('agent.door_reloaded')
  const renewed = await renewInUse(home, names, certificatePem)
  if (renewed > 0) deps.log.info('agent.mesh_renewed', { processes: renewed })
  return { ...platform, containers: [...containers, ...platform.containers] }
}

/**
 * A host shows what it was given. The first one gives itself its first certificate; and whoever has the authority's key gives himself
 * one when none comes, as after a week without power: no control plane runs before its hosts let each other in.
 */
async function credentialsOf({ config, membership, signer }: OwnMesh): Promise<Credentials> {
  const given = membership.credentials()
  if (given !== null && daysLeft(given.cert, new Date()) >= LEAST_DAYS) return given
  const authority = await signer()
  if (authority === undefined) {
    if (given !== null) return given
    throw new Error('a host without a certificate and without the authority')
  }
  const { name, address } = config.host
  const ca = authority.rootPem
  // Of a version that kept it there alone.
  const have = membership.own() ?? credentialsIn((await readText(meshFiles(config.home).certificate)) ?? '')
  const isGood = have !== undefined && daysLeft(have.cert, new Date()) >= LEAST_DAYS
  if (isGood) return await begin(membership, { ...have, ca })
  // The others know a host by its key: a certificate that it gives itself is for the same one.
  const { keyPem, request } = have === undefined ? await newHostKey() : await openHostKey(have.key)
  const wanted = { request: await request(name), host: name, address }
  const { certificate } = await signHost(authority, wanted)
  return await begin(membership, { cert: certificate, key: keyPem, ca })
}

/** Keeps a pair, unless the control plane has replaced its key meanwhile. */
async function begin(membership: HostMembership, pair: Credentials): Promise<Credentials> {
  await membership.begin({ cert: pair.cert, key: pair.key })
  return membership.own() ?? pair
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n/g

/** A file with a certificate and its key. */
function credentialsIn(pem: string): Pick<Credentials, 'cert' | 'key'> | undefined {
  const blocks = new Map([...pem.matchAll(PEM_BLOCK)].map(([block, kind]) => [kind, block]))
  const [cert, key] = [blocks.get('CERTIFICATE'), blocks.get('PRIVATE KEY')]
  return cert === undefined || key === undefined ? undefined : { cert, key }
}
