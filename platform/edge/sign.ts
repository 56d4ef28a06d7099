import type { EdgeCertificate, EdgeSigned, EdgeSigning } from '#contract/edge-certificates.ts'
import { type Authority, checkCertificateRequest } from '#platform/trust/index.ts'
import { contentOf } from './certificate-source.ts'

/** What the signer knows by itself. */
export interface SignerFacts {
  /** The installation's domain. */
  readonly domain: string
  /** Host names of the apps that the signer's own host serves. */
  readonly hostNames: ReadonlySet<string>
}

/**
 * Signs for the edge of another host. Who carries the requests decides nothing: every edge may have the platform's own name and
 * those of the apps, which the signer reads in its own state; whatever else is asked for is refused.
 */
export async function signForEdge(
  authority: Pick<Authority, 'sign'>,
  facts: SignerFacts,
  { host, requests }: EdgeSigning,
): Promise<EdgeSigned> {
  const certificates: EdgeCertificate[] = []
  const refused: string[] = []
  for (const { purpose, request } of requests) {
    if (!mayHave(facts, purpose)) {
      refused.push(purpose)
      continue
    }
    const { publicKey } = await checkCertificateRequest(request)
    certificates.push({ purpose, certificate: await authority.sign(publicKey, contentOf(purpose, host)) })
  }
  return { certificates, refused }
}

/** Names outside of the installation's domain, such as those of the platform's parts, are no app's, whatever a state says. */
function mayHave({ domain, hostNames }: SignerFacts, purpose: string): boolean {
  if (purpose === 'default' || purpose === 'peer' || purpose === domain) return true
  return purpose.endsWith(`.${domain}`) && hostNames.has(purpose)
}
