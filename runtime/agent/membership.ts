import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import type { Fleet } from '#contract/fleet.ts'
import { certificateNameOf } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import type { AgentAbout } from '#contract/membership.ts'
import { loadFleet } from '#platform/mesh/index.ts'
import { openHostKey } from '#platform/trust/index.ts'
import { exists, readText, writeFileAtomic } from '#runtime/drivers/files.ts'

/** A joined host's certificate with its key, and the root that it believes (PEM). */
export interface Credentials {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** What this host knows of the installation that it belongs to. It outlives the agent. */
export interface HostMembership {
  about(): Omit<AgentAbout, 'services' | 'network'>
  /** The control plane has asked for something. */
  seen(now: Date): void
  fleet(): Fleet
  setFleet(fleet: Fleet): Promise<void>
  /** Null on the first host. */
  credentials(): Credentials | null
  /** Told when there are others. */
  onRenewed(listener: (credentials: Credentials) => void): void
  /** On the first host: what it shows to the others, from when there are some. */
  shown(): Credentials | null
  show(credentials: Credentials): void
  /** Told when the control plane has said something of the hosts. */
  onFleet(listener: () => void): void
  certificateRequest(): Promise<string>
  /** Takes a new certificate for this host's key; gives when it ends. */
  setCertificate(certPem: string): Promise<string>
  isRemoved(): boolean
  remove(): Promise<void>
}

/** Reads what is known. */
export async function openMembership(config: AgentConfig): Promise<HostMembership> {
  const at = (name: string) => join(config.home, name)
  let credentials = config.host.first ? null : await loadCredentials(at)
  let fleet = await loadFleet(config.home)
  let removed = await exists(at(HOME.removed))
  let seenAt: Date | undefined
  let renewed: (credentials: Credentials) => void = () => undefined
  const face = makeFace((next) => renewed(next))
  let told = () => {}
  const own = () => {
    if (credentials !== null) return credentials
    throw new MaruError('not_found', { path: 'the first host has no certificate' })
  }
  return {
    about: () => ({
      host: config.host,
      version: config.version,
      now: new Date().toISOString(),
      certificateExpiresAt: credentials && endOf(credentials.cert),
      fleet,
      certificate: (credentials ?? face.shown())?.cert ?? null,
      controlSeenAt: seenAt?.toISOString() ?? null,
      removed,
    }),
    seen: (now) => {
      seenAt = now
    },
    fleet: () => fleet,
    setFleet: async (next) => {
      await writeFileAtomic(at(HOME.fleet), `${JSON.stringify(next)}\n`)
      fleet = next
      told()
    },
    credentials: () => credentials,
    onRenewed: (listener) => {
      renewed = listener
    },
    ...face,
    onFleet: (listener) => {
      told = listener
    },
    certificateRequest: async () =>
      await (await openHostKey(own().key)).request(certificateNameOf(config.host.name)),
    setCertificate: async (certPem) => {
      const next = { ...own(), cert: certPem }
      checkCertificate(next, config)
      await writeFileAtomic(at(HOME.hostCertificate), certPem)
      credentials = next
      renewed(next)
      return endOf(certPem)
    },
    isRemoved: () => removed,
    remove: async () => {
      // A first host that is alone is the installation.
      if (fleet.hosts.length < 2) own()
      await writeFileAtomic(at(HOME.removed), '')
      removed = true
    },
  }
}

/** What the first host shows. */
function makeFace(changed: (next: Credentials) => void): Pick<HostMembership, 'shown' | 'show'> {
  let shown: Credentials | null = null
  return {
    shown: () => shown,
    show: (next) => {
      if (shown?.cert === next.cert) return
      shown = next
      changed(next)
    },
  }
}

async function loadCredentials(at: (name: string) => string): Promise<Credentials> {
  const files = [HOME.hostCertificate, HOME.hostKey, `${HOME.pki}/root.crt`]
  const [cert, key, ca] = await Promise.all(files.map((name) => readText(at(name))))
  if (cert !== undefined && key !== undefined && ca !== undefined) return { cert, key, ca }
  throw new Error(`a joined host needs ${files.join(', ')}`)
}

const endOf = (certPem: string) => new Date(new X509Certificate(certPem).validTo).toISOString()

/** Who can hand a certificate over could still hand over a wrong one, and the host would be out of reach. */
function checkCertificate({ cert, key, ca }: Credentials, { host }: AgentConfig): void {
  const certificate = new X509Certificate(cert)
  const good =
    certificate.checkPrivateKey(createPrivateKey(key)) &&
    certificate.verify(new X509Certificate(ca).publicKey) &&
    certificate.checkHost(certificateNameOf(host.name)) !== undefined
  if (!good) throw new MaruError('invalid', { field: 'certificate', reason: 'is not for this host' })
}
