import { certificateNameOf, certificateNamesOf } from '#contract/host-identity.ts'
import { HOST_LIMITS } from '#contract/hosts.ts'
import type { SigningRequest } from '#contract/membership.ts'
import { type Authority, authorityWith, checkCertificateRequest } from '#platform/trust/index.ts'
import { readControlBundle } from './service-bundles.ts'

/** The authority, where this host has its key: the first host, and one that was given a control plane. */
export type Signer = () => Promise<Authority | undefined>

/** A host that joined is given the key together with its control plane, at any time. */
export function makeSigner(home: string, own: Authority | undefined): Signer {
  if (own !== undefined) return async () => own
  let opened: { readonly key: string; readonly authority: Authority } | undefined
  return async () => {
    const bundle = await readControlBundle(home)
    if (bundle === undefined) return undefined
    const key = bundle.control.authorityKey
    if (opened?.key !== key) opened = { key, authority: await authorityWith(key, bundle.root) }
    return opened.authority
  }
}

/** A host's certificate (PEM). The names are made here: whoever may ask for a signature gets none for a name of his choice. */
export async function signHost(
  authority: Authority,
  { request, host, address }: SigningRequest,
): Promise<{ readonly certificate: string; readonly keyHash: string }> {
  const { publicKey, keyHash } = await checkCertificateRequest(request)
  const certificate = await authority.sign(publicKey, {
    commonName: certificateNameOf(host),
    dnsNames: certificateNamesOf(host),
    addresses: [address],
    days: HOST_LIMITS.certificateDays,
    client: true,
  })
  return { certificate, keyHash }
}
