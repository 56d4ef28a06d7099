import { z } from 'zod'
import { DataCentreName, HostName, Instant } from './ids.ts'

/** `full` runs everything; `witness` has a voice in the quorum and runs no apps. */
export const HostRole = z.enum(['full', 'witness']).describe('full, or witness: a voice only, no apps')
export type HostRole = z.infer<typeof HostRole>

/** `joining`: it has its certificate and has not reported yet. `silent`: it has not reported for a while. */
export const HostState = z.enum(['joining', 'ready', 'silent', 'draining', 'removed'])
export type HostState = z.infer<typeof HostState>

/** IPv4, as the other hosts reach it. */
export const HostAddress = z
  .ipv4('must be an IPv4 address')
  .describe('Address at which the other hosts reach it')
export type HostAddress = z.infer<typeof HostAddress>

/** Which host of the installation a machine is: HOME.host, and a part of what agent and control plane read at start. */
export const HostIdentity = z.strictObject({
  name: HostName,
  dataCentre: DataCentreName,
  address: HostAddress,
  role: HostRole,
  /** The host of the first `maru up`: it has the authority's key and the control plane. */
  first: z.boolean(),
})
export type HostIdentity = z.infer<typeof HostIdentity>

export const Host = z.strictObject({
  name: HostName,
  dataCentre: DataCentreName,
  address: HostAddress,
  role: HostRole,
  state: HostState,
  first: z.boolean().describe("The host that has the authority's key; it cannot be removed"),
  generation: z.number().int().nullable().describe('State of the apps that it has applied whole'),
  version: z.string().nullable().describe('Version of the program that it runs'),
  joinedAt: Instant,
  reportedAt: Instant.nullable(),
  certificateExpiresAt: Instant.nullable(),
})
export type Host = z.infer<typeof Host>
