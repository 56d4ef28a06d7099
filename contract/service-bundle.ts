import { z } from 'zod'
import { ServiceName } from './fleet.ts'
import { CertificatePem } from './membership.ts'

/**
 * What a part of the platform needs on a host that is not the first: its certificate, and the secrets. A control plane's has all
 * that there are, so that its host can make bundles for others.
 */
export const ServiceBundle = z.strictObject({
  certificate: CertificatePem,
  key: z.string().describe('PEM'),
  root: CertificatePem,
  passwords: z
    .strictObject({ superuser: z.string(), replication: z.string(), rewind: z.string() })
    .nullable()
    .describe('Of the roles that the database pair itself needs; null for members of the store'),
  control: z
    .strictObject({
      masterKey: z.string(),
      authSecret: z.string(),
      database: z.string(),
      authorityKey: z.string().default('').describe('PEM; only the agent keeps it'),
    })
    .nullable()
    .default(null)
    .describe('Secrets that all control planes share, and the key that signs; null for other services'),
})
export type ServiceBundle = z.infer<typeof ServiceBundle>

/** For which host a bundle is sealed: nobody without this certificate's key can open it. */
export const BundleRequest = z.strictObject({ service: ServiceName, certificate: CertificatePem })
export type BundleRequest = z.infer<typeof BundleRequest>

/** A bundle on its way: a JSON Web Encryption in compact form (RFC 7516). */
export const SealedBundle = z.strictObject({ service: ServiceName, sealed: z.string().max(65_536) })
export type SealedBundle = z.infer<typeof SealedBundle>
