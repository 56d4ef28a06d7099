import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { AGENT_API } from '#contract/agent-api.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { CONTROL_SERVICES, SERVICES, type ServiceName } from '#contract/fleet.ts'
import { certificateNameOf } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { type BundleRequest, type SealedBundle, ServiceBundle } from '#contract/service-bundle.ts'
import { RENEW_DAYS } from '#platform/hosts/private-files.ts'
import { makeServiceBundle, readOwnSecrets, type Secrets } from '#platform/hosts/service-files.ts'
import { daysLeft, seal, unseal } from '#platform/trust/index.ts'
import { readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import type { HostMembership } from './membership.ts'
import type { Signer } from './signer.ts'

/** What services of the platform need on hosts that are not the first. */
export interface ServiceBundles {
  /** The services that this host was given all for, placed here or not; without those that are due for another certificate. */
  ready(): Promise<ServiceName[]>
  /** Keeps one, once it proved to be for this host and from its authority. */
  save(bundle: SealedBundle): Promise<void>
  /** Makes one for another host; where a control plane is, because all secrets are there. */
  seal(request: BundleRequest): Promise<string>
}

/** The agent's part in handing services over. */
export const serviceBundles = (
  config: AgentConfig,
  membership: HostMembership,
  signer: Signer,
): ServiceBundles => ({
  ready: () => readyServices(config.home),
  save: (bundle) => saveBundle(config.home, membership, bundle),
  seal: async ({ service, certificate }) => {
    const [authority, secrets] = [await signer(), await secretsOf(config)]
    if (authority === undefined || secrets === undefined)
      throw new MaruError('not_found', { path: AGENT_API.serviceBundles })
    const host = new X509Certificate(certificate)
    const fleet = membership.fleet()
    const known = fleet.hosts.some(({ name }) => host.checkHost(certificateNameOf(name)) !== undefined)
    if (!known || !host.verify(new X509Certificate(authority.rootPem).publicKey))
      throw new MaruError('invalid', {
        field: 'certificate',
        reason: 'is not that of a host of this installation',
      })
    const bundle = await makeServiceBundle(config.installation, authority, secrets, service)
    return await seal(JSON.stringify(bundle), certificate)
  },
})

/** All secrets, where this host has them: the first host made them, another was given them with a control plane. */
async function secretsOf({ host, home }: AgentConfig): Promise<Secrets | undefined> {
  if (host.first) return await readOwnSecrets(home)
  const given = await readControlBundle(home)
  return given && { passwords: given.passwords, control: given.control }
}

/** Where a host keeps what it was given for a service. */
export const bundleFile = (home: string, service: ServiceName): string =>
  join(home, HOME.agent, `${service}.bundle.json`)

/** What was handed over for a service; undefined until it is here. */
export async function readBundle(home: string, service: ServiceName): Promise<ServiceBundle | undefined> {
  const saved = await readJson(bundleFile(home, service))
  return saved === undefined ? undefined : parseWith(ServiceBundle, saved, service)
}

type ControlBundle = ServiceBundle & { [Part in 'passwords' | 'control']: NonNullable<ServiceBundle[Part]> }

const hasAllSecrets = (bundle: ServiceBundle): bundle is ControlBundle =>
  bundle.passwords !== null && bundle.control !== null && bundle.control.authorityKey !== ''

/** What this host was given with a control plane; undefined where it has none. */
export async function readControlBundle(home: string): Promise<ControlBundle | undefined> {
  for (const service of CONTROL_SERVICES) {
    const bundle = await readBundle(home, service)
    if (bundle !== undefined && hasAllSecrets(bundle)) return bundle
  }
  return undefined
}

/** A new certificate starts a service anew: certificates of one day become due one after the other, and no two voices of the store are away at once. */
const DAYS_APART = 10
const leastDays = (service: ServiceName) => RENEW_DAYS - DAYS_APART * SERVICES.indexOf(service)

/** What is missing here, the control plane gives: for the first time, or anew. */
async function readyServices(home: string): Promise<ServiceName[]> {
  const isReady = async (service: ServiceName) => {
    const bundle = await readBundle(home, service)
    if (bundle === undefined || daysLeft(bundle.certificate, new Date()) <= leastDays(service)) return false
    // From an earlier version, whose second control plane could not make all that others need: it is given another.
    return bundle.control === null || hasAllSecrets(bundle)
  }
  const ready = await Promise.all(SERVICES.map(isReady))
  return SERVICES.filter((_, at) => ready[at])
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
