import { z } from 'zod'
import { HostName } from './ids.ts'
import { CertificatePem, CertificateRequestPem } from './membership.ts'

/** Most requests of one call: who has more asks again. Signing so many takes about a second of processor time. */
export const EDGE_REQUESTS_PER_CALL = 100

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'

/**
 * What a certificate of an edge is for; what is in it follows from that. `default`: for clients that name no host, `peer`: for
 * the edges of other hosts, else a host name, which has a dot.
 */
export const EdgePurpose = z
  .string()
  .max(253)
  .regex(new RegExp(`^(default|peer|(${LABEL}\\.)+${LABEL})$`), 'must be default, peer or a host name')
export type EdgePurpose = z.infer<typeof EdgePurpose>

export const EdgeRequest = z.strictObject({ purpose: EdgePurpose, request: CertificateRequestPem })
export type EdgeRequest = z.infer<typeof EdgeRequest>

export const EdgeCertificate = z.strictObject({ purpose: EdgePurpose, certificate: CertificatePem })
export type EdgeCertificate = z.infer<typeof EdgeCertificate>

/** What a joined host's edge has no certificate for, or one that ends soon: in the order of the purposes. */
export const EdgeRequests = z.strictObject({
  requests: z.array(EdgeRequest).max(EDGE_REQUESTS_PER_CALL),
})
export type EdgeRequests = z.infer<typeof EdgeRequests>

/** Requests of one host's edge, for the authority. */
export const EdgeSigning = EdgeRequests.extend({ host: HostName })
export type EdgeSigning = z.infer<typeof EdgeSigning>

export const EdgeSigned = z.strictObject({
  certificates: z.array(EdgeCertificate).max(EDGE_REQUESTS_PER_CALL),
  refused: z.array(EdgePurpose).describe('Host names that no app has on the host that signs'),
})
export type EdgeSigned = z.infer<typeof EdgeSigned>

export const EdgeCertificates = EdgeSigned.pick({ certificates: true })
export type EdgeCertificates = z.infer<typeof EdgeCertificates>
