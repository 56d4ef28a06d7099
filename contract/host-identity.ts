import { z } from 'zod'
import { DataCentreName, HostName } from './ids.ts'

/** `full` runs everything; `witness` has a voice in the quorum and runs no apps. */
export const HostRole = z.enum(['full', 'witness']).describe('full, or witness: a voice only, no apps')
export type HostRole = z.infer<typeof HostRole>

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
  /** The host of the first `maru up`: it makes the authority and all that is secret. Others are given it with a control plane. */
  first: z.boolean(),
})
export type HostIdentity = z.infer<typeof HostIdentity>

/** Where a joined host's agent listens for the control plane. */
export const AGENT_PORT = 7701
/** Name of the control plane in its certificate; agents take orders from nobody else. */
export const CONTROL_NAME = 'control.maru.internal'
/** What a host's certificate is issued to. */
export const certificateNameOf = (host: HostName) => `${host}.hosts.maru.internal`
/** What is asked for to have a host answer with its next key, where it has one. */
export const nextNameOf = (host: HostName) => `next.${certificateNameOf(host)}`
/** The names in a host's certificate: its own, and those by which its services are asked for. */
export const certificateNamesOf = (host: HostName) => [
  certificateNameOf(host),
  `*.${certificateNameOf(host)}`,
]
