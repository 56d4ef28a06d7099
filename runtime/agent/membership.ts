import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import type { Fleet } from '#contract/fleet.ts'
import { certificateNameOf } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import type { AgentAbout } from '#contract/membership.ts'
import { loadFleet } from '#platform/mesh/index.ts'
import { exists, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { type HostKeys, type KeyPair, openHostKeys } from './host-keys.ts'

/** A host's certificate with its key, and the root that it believes (PEM). */
export interface Credentials extends KeyPair {
  readonly ca: string
}

/** What this host knows of the installation that it belongs to. It outlives the agent. */
export interface HostMembership extends Pick<HostKeys, 'askAgain' | 'askNext' | 'begin'> {
  about(): Omit<AgentAbout, 'services' | 'network'>
  /** The control plane has asked for something. */
  seen(now: Date): void
  fleet(): Fleet
  setFleet(fleet: Fleet): Promise<void>
  /** Null on the first host. */
  credentials(): Credentials | null
  /** Told when there are others. */
  onRenewed(listener: (credentials: Credentials) => void): void
  /** What the control plane may try before it is the only one. */
  next(): Credentials | null
  onNext(listener: (credentials: Credentials) => void): void
  /** On the first host: what it has for the others, and what it shows to them, from when there are some. */
  own(): Credentials | null
  shown(): Credentials | null
  show(): void
  /** Told when the control plane has said something of the hosts. */
  onFleet(listener: () => void): void
  /** Takes a new certificate for this host's key, or for its next one; gives when it ends. */
  setCertificate(certPem: string): Promise<string>
  /** The control plane knows the next key. False where it is the one in use already. */
  useNext(keyHash: string): Promise<boolean>
  isRemoved(): boolean
  remove(): Promise<void>
}

/** Reads what is known. */
export async function openMembership(config: AgentConfig): Promise<HostMembership> {
  const at = (name: string) => join(config.home, name)
  const keys = await openHostKeys(config)
  const face = makeFace(config, keys, await readText(at(`${HOME.pki}/root.crt`)))
  let fleet = await loadFleet(config.home)
  let removed = await exists(at(HOME.removed))
  let seenAt: Date | undefined
  let told = () => {}
  return {
    about: () => ({
      host: config.host,
      version: config.version,
      now: new Date().toISOString(),
      certificateExpiresAt: endOf(face.shown()?.cert),
      fleet,
      certificate: face.shown()?.cert ?? null,
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
    askAgain: keys.askAgain,
    askNext: keys.askNext,
    ...face,
    onFleet: (listener) => {
      told = listener
    },
    isRemoved: () => removed,
    remove: async () => {
      // A first host that is alone is the installation.
      if (config.host.first && fleet.hosts.length < 2)
        throw new MaruError('not_found', { path: 'the first host is alone' })
      await writeFileAtomic(at(HOME.removed), '')
      removed = true
    },
  }
}

type Face = Pick<
  HostMembership,
  | 'credentials'
  | 'onRenewed'
  | 'next'
  | 'onNext'
  | 'own'
  | 'shown'
  | 'show'
  | 'begin'
  | 'setCertificate'
  | 'useNext'
>

/** What the host shows to others: a joined one from its first moment on, the first one when there are some. */
function makeFace(config: AgentConfig, keys: HostKeys, ca: string | undefined): Face {
  const { first } = config.host
  let shows = !first
  let renewed: (credentials: Credentials) => void = () => undefined
  let comes: (credentials: Credentials) => void = () => undefined
  const believing = (pair: KeyPair | undefined) => (pair && ca !== undefined ? { ...pair, ca } : null)
  const own = () => believing(keys.inUse())
  if (!first && own() === null)
    throw new Error(
      `a joined host needs ${[HOME.hostCertificate, HOME.hostKey, `${HOME.pki}/root.crt`].join(', ')}`,
    )
  const changed = () => {
    const shown = own()
    if (shows && shown !== null) renewed(shown)
  }
  return {
    credentials: () => (first ? null : own()),
    onRenewed: (listener) => {
      renewed = listener
    },
    next: () => believing(keys.next()),
    onNext: (listener) => {
      comes = listener
    },
    own,
    shown: () => (shows ? own() : null),
    show: () => {
      if (shows || own() === null) return
      shows = true
      changed()
    },
    begin: async (pair) => {
      const before = keys.inUse()?.cert
      await keys.begin(pair)
      if (keys.inUse()?.cert !== before) changed()
    },
    setCertificate: async (certPem) => {
      if (ca !== undefined) checkCertificate(certPem, ca, config)
      if ((await keys.take(certPem)) === 'in use') changed()
      const next = believing(keys.next())
      if (next?.cert === certPem) comes(next)
      return endOf(certPem) ?? ''
    },
    useNext: async (keyHash) => {
      const isOther = await keys.useNext(keyHash)
      if (isOther) changed()
      return isOther
    },
  }
}

const endOf = (certPem: string | undefined) =>
  certPem === undefined ? null : new Date(new X509Certificate(certPem).validTo).toISOString()

/** Who can hand a certificate over could still hand over a wrong one, and the host would be out of reach. */
function checkCertificate(cert: string, ca: string, { host }: AgentConfig): void {
  const certificate = new X509Certificate(cert)
  const good =
    certificate.verify(new X509Certificate(ca).publicKey) &&
    certificate.checkHost(certificateNameOf(host.name)) !== undefined
  if (!good) throw new MaruError('invalid', { field: 'certificate', reason: 'is not for this host' })
}
