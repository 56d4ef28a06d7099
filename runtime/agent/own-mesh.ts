import type { PlatformConfig } from '#contract/agent.ts'
import { certificateNameOf, certificateNamesOf } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { meshFiles, planMesh, reloadDoor, renewInUse, writeMesh } from '#platform/mesh/index.ts'
import { type Authority, daysLeft } from '#platform/trust/index.ts'
import { readText } from '#runtime/drivers/files.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { HostMembership } from './membership.ts'

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
  const certificatePem = await certificateOf(deps)
  const rootPem = (await readText(`${home}/${HOME.pki}/root.crt`)) ?? ''
  const image = config.images.edge
  const place = { installation, home, address: host.address, rootPem, certificatePem, image }
  const containers = await writeMesh(place, mesh)
  const names = containers.map(({ component }) => component)
  if (await reloadDoor(home)) deps.log.info('agent.door_reloaded')
  const renewed = await renewInUse(home, names, certificatePem)
  if (renewed > 0) deps.log.info('agent.mesh_renewed', { processes: renewed })
  return { ...platform, containers: [...containers, ...platform.containers] }
}

/** A joined host shows what it was given; the first host, which has the authority, gives itself one. */
async function certificateOf({ config, membership, authority }: OwnMesh): Promise<string> {
  const given = membership.credentials()
  if (given !== null) return `${given.cert.trim()}\n${given.key.trim()}\n`
  if (authority === undefined) throw new Error('a host without a certificate and without the authority')
  const have = await readText(meshFiles(config.home).certificate)
  if (have !== undefined && daysLeft(have, new Date()) >= DAYS.renewBelow) return have
  const { name, address } = config.host
  const names = { commonName: certificateNameOf(name), dnsNames: certificateNamesOf(name) }
  const { certPem, keyPem } = await authority.issue({
    ...names,
    addresses: [address],
    days: DAYS.life,
    client: true,
  })
  return `${certPem.trim()}\n${keyPem.trim()}\n`
}
