import { type Authority, type CertificateRequest, daysLeft, newHostKey } from '#platform/trust/index.ts'
import { PEER_SUBJECT, peerName } from './peers.ts'

/** Life of an edge's certificate, and what must be left of it; below that it is renewed. */
export const CERTIFICATE_DAYS = { life: 90, renewBelow: 30 } as const

/** Where an edge's certificates come from: an authority that is at hand, or one that has to be asked. */
export interface CertificateSource {
  /**
   * Certificates with their keys (PEM) by purpose. What is left out of the answer is not here yet; it will be in a later
   * one. The list is whole: what it does not name any more is not wanted any more.
   */
  obtain(purposes: readonly string[]): Promise<ReadonlyMap<string, string>>
}

/** Named by clients that name no host or one that is unknown here. */
const NOBODY = 'invalid'

/** What is in the certificate of a host's edge for a purpose (contract/edge-certificates.ts). */
export function contentOf(purpose: string, host: string): CertificateRequest {
  const days = CERTIFICATE_DAYS.life
  if (purpose === 'peer') return { commonName: PEER_SUBJECT, dnsNames: [peerName(host)], client: true, days }
  const name = purpose === 'default' ? NOBODY : purpose
  return { commonName: name, dnsNames: [name], days }
}

/** Whether a certificate needs no successor yet. */
export const hasLife = (pem: string | undefined, now: Date): boolean =>
  pem !== undefined && daysLeft(pem, now) >= CERTIFICATE_DAYS.renewBelow

/** The source of the first host, which signs for itself; all others ask. */
export const issuedBy = (authority: Pick<Authority, 'issue'>, host: string): CertificateSource => ({
  obtain: async (purposes) => {
    const issued = new Map<string, string>()
    for (const purpose of purposes) {
      const { certPem, keyPem } = await authority.issue(contentOf(purpose, host))
      issued.set(purpose, `${certPem}${keyPem}`)
    }
    return issued
  },
})

/** The source of a host whose agent has not asked yet. */
export const NONE_YET: CertificateSource = { obtain: async () => new Map() }

/** HAProxy needs one to begin with. Nobody believes it, as nobody believes the one that takes its place. */
export async function standInCertificate(): Promise<string> {
  const key = await newHostKey()
  return `${await key.selfSigned(NOBODY)}${key.keyPem}`
}
