import { z } from 'zod'
import { Fleet, ServiceName } from './fleet.ts'
import { HostAddress, HostIdentity } from './host-identity.ts'
import { HostName, Instant } from './ids.ts'

/** A certificate request (PKCS #10, PEM): its key never leaves the host. */
export const CertificateRequestPem = z
  .string()
  .max(4096)
  .regex(/^-----BEGIN CERTIFICATE REQUEST-----\n/, 'must be a certificate request (PEM)')
export const CertificatePem = z
  .string()
  .max(16_384)
  .regex(/^-----BEGIN CERTIFICATE-----\n/, 'must be a certificate (PEM)')

/** SHA-256 of a public key: what a host is known by. */
export const KeyHash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 hash (hex)')

/** What a host asks for. A host of an earlier version vouches for no other key. */
export const HostRequest = z.object({
  request: CertificateRequestPem,
  /** The request, signed by the key that the host has, where it is for another one (JWS). */
  vouched: z.string().max(16_384).nullable().default(null),
})
export type HostRequest = z.infer<typeof HostRequest>

/** The network in which a host has its address. */
export const HostNetwork = z.strictObject({
  range: z.cidrv4().describe('Such as 203.0.113.0/24'),
  router: HostAddress.nullable().describe('Its way to everywhere else'),
})
export type HostNetwork = z.infer<typeof HostNetwork>

/** What a host says of itself. Later versions may say more, so what is unknown is left out. */
export const AgentAbout = z.object({
  host: HostIdentity,
  version: z.string(),
  now: Instant,
  /** Null on a first host that is alone: it is reached by a socket. */
  certificateExpiresAt: Instant.nullable(),
  fleet: Fleet,
  certificate: CertificatePem.nullable().default(null),
  /** Services that it has all for to run them, should they be placed here. */
  services: z.array(ServiceName).default([]),
  /** The network that its address is in; null where it could not be found. */
  network: HostNetwork.nullable().default(null),
  /** When the control plane last asked for something. */
  controlSeenAt: Instant.nullable(),
  removed: z.boolean(),
})
export type AgentAbout = z.infer<typeof AgentAbout>

/** What is signed is decided here: one host's name and address, for a short time. The request gives the key only. */
export const SigningRequest = z.strictObject({
  request: CertificateRequestPem,
  host: HostName,
  address: HostAddress,
})
export type SigningRequest = z.infer<typeof SigningRequest>
