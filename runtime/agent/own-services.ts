import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { type ContainerSpec, FILES_LABEL, type PlatformConfig } from '#contract/agent.ts'
import { AGENT_API } from '#contract/agent-api.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { SERVICES, type ServiceName } from '#contract/fleet.ts'
import { certificateNameOf } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { type BundleRequest, type SealedBundle, ServiceBundle } from '#contract/service-bundle.ts'
import { writeSecondControl } from '#platform/hosts/control-files.ts'
import { ETCD_CONFIG } from '#platform/hosts/platform-config.ts'
import { makeServiceBundle, writeServiceFiles } from '#platform/hosts/service-files.ts'
import { placedHere, seedsOf, serviceOf } from '#platform/mesh/index.ts'
import { type Authority, seal, unseal } from '#platform/trust/index.ts'
import { exists, readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import type { HostMembership } from './membership.ts'

export interface OwnServices {
  readonly config: AgentConfig
  readonly membership: HostMembership
}

/** What services of the platform need on hosts that are not the first. */
export interface ServiceBundles {
  /** The services that this host was given all for, placed here or not. */
  ready(): Promise<ServiceName[]>
  /** Keeps one, once it proved to be for this host and from its authority. */
  save(bundle: SealedBundle): Promise<void>
  /** Makes one for another host; on the first host only. */
  seal(request: BundleRequest): Promise<string>
}

/** The agent's part in handing services over. */
export const serviceBundles = (
  { installation, home }: AgentConfig,
  membership: HostMembership,
  authority: Authority | undefined,
): ServiceBundles => ({
  ready: () => readyServices(home),
  save: (bundle) => saveBundle(home, membership, bundle),
  seal: async ({ service, certificate }) => {
    if (authority === undefined) throw new MaruError('not_found', { path: AGENT_API.serviceBundles })
    const host = new X509Certificate(certificate)
    const fleet = membership.fleet()
    const known = fleet.hosts.some(({ name }) => host.checkHost(certificateNameOf(name)) !== undefined)
    if (!known || !host.verify(new X509Certificate(authority.rootPem).publicKey))
      throw new MaruError('invalid', {
        field: 'certificate',
        reason: 'is not that of a host of this installation',
      })
    const bundle = await makeServiceBundle({ installation, home }, authority, service)
    return await seal(JSON.stringify(bundle), certificate)
  },
})

const bundleFile = (home: string, service: ServiceName) => join(home, HOME.agent, `${service}.bundle.json`)

/** What was handed over for a service; undefined until all that it needs is here. */
export async function readBundle(home: string, service: ServiceName): Promise<ServiceBundle | undefined> {
  const saved = await readJson(bundleFile(home, service))
  if (saved === undefined) return undefined
  const bundle = parseWith(ServiceBundle, saved, service)
  // From a version whose second control plane could not have anything signed.
  return service === 'control-2' && bundle.control?.authorityKey === '' ? undefined : bundle
}

async function readyServices(home: string): Promise<ServiceName[]> {
  const bundles = await Promise.all(SERVICES.map((service) => readBundle(home, service)))
  return SERVICES.filter((_, at) => bundles[at] !== undefined)
}

async function saveBundle(
  home: string,
  membership: HostMembership,
  { service, sealed }: SealedBundle,
): Promise<void> {
  const own = membership.credentials()
  if (own === null) throw new MaruError('not_found', { path: 'the first host gives, and takes no bundle' })
  const refuse = (reason: string, cause?: unknown) =>
    new MaruError('invalid', { field: 'sealed', reason }, { cause })
  const text = await unseal(sealed, own.key).catch((error: unknown) => {
    throw refuse('is not for this host', error)
  })
  const bundle = parseWith(ServiceBundle, JSON.parse(text), 'sealed')
  if (!new X509Certificate(bundle.certificate).verify(new X509Certificate(own.ca).publicKey))
    throw refuse('has a certificate of another installation')
  await writeFileAtomic(bundleFile(home, service), `${JSON.stringify(bundle)}\n`, { mode: 0o600 })
}

/** What of the platform's half belongs on this host now, with the files that it needs. */
export async function withServices(deps: OwnServices, platform: PlatformConfig): Promise<PlatformConfig> {
  const { config, membership } = deps
  const here = placedHere(platform, config.host, membership.fleet())
  if (config.host.first) return here
  const containers: ContainerSpec[] = []
  for (const spec of here.containers) {
    const ready = await prepare(deps, spec)
    if (ready !== undefined) containers.push(ready)
  }
  return { ...here, containers }
}

const JOINING = ['etcd-2', 'etcd-3', 'postgres-2', 'control-2'] as const
type Joining = (typeof JOINING)[number]
const joiningOf = (component: string): Joining | undefined =>
  JOINING.find((one) => one === serviceOf(component))

/** The container as it can start; undefined while what it needs is not here yet. */
async function prepare(deps: OwnServices, spec: ContainerSpec): Promise<ContainerSpec | undefined> {
  const service = joiningOf(spec.component)
  if (service === undefined) return spec
  const { config, membership } = deps
  const { installation, home } = config
  const bundle = await readBundle(home, service)
  if (bundle === undefined) return undefined
  const labelled = (hash: string) => ({ ...spec, labels: { ...spec.labels, [FILES_LABEL]: hash } })
  if (service === 'control-2') return labelled(await writeSecondControl(config, bundle))
  const hash = await writeServiceFiles(
    { installation, home },
    service,
    bundle,
    seedsOf(installation, membership.fleet(), config.host.name),
  )
  // What it joins with is written when the others have taken it in.
  const canStart = service === 'postgres-2' || (await exists(join(home, service, ETCD_CONFIG)))
  return canStart ? labelled(hash) : undefined
}
