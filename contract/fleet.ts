import { z } from 'zod'
import { AGENT_PORT, HostAddress } from './host-identity.ts'
import { DataCentreName, HostName } from './ids.ts'

/** Parts of the platform that are on one host each and are reached from all: they keep their address when they move. */
export const SERVICES = [
  'etcd-1',
  'etcd-2',
  'etcd-3',
  'postgres-1',
  'postgres-2',
  'control',
  'control-2',
] as const
export const ServiceName = z.enum(SERVICES)
export type ServiceName = z.infer<typeof ServiceName>

/** The control planes, each on a host of its own. */
export const CONTROL_SERVICES = ['control', 'control-2'] as const
export type ControlService = (typeof CONTROL_SERVICES)[number]

/** An address that the hosts of a data centre share: one of them holds it, and another takes it over. */
export const SharedAddress = z.strictObject({
  dataCentre: DataCentreName,
  address: HostAddress,
  hosts: z.array(HostName).describe('The full hosts of the data centre, who would take it first in front'),
  leaving: z.array(HostName).describe('Those of them that are being emptied: they give it up'),
})
export type SharedAddress = z.infer<typeof SharedAddress>

/** The hosts of an installation and what is on which, as every host is told by the control plane. */
export const Fleet = z.strictObject({
  hosts: z.array(z.strictObject({ name: HostName, address: HostAddress })).max(1000),
  services: z.partialRecord(ServiceName, HostName).describe('The host that has each part of the platform'),
  addresses: z.array(SharedAddress).optional().describe('Left out where no data centre has one'),
})
export type Fleet = z.infer<typeof Fleet>

/** Nobody has joined: there is nothing to reach and nobody to answer. */
export const NO_FLEET: Fleet = { hosts: [], services: {} }

/** Where every edge answers the edges of other hosts. */
export const PEER_PORT = 7443
/** Where every host answers the others, over TLS in which both sides prove themselves. */
export const MESH_PORT = 7444

/** Ports at which hosts answer each other; nobody else has any business there. */
export const PORTS_BETWEEN_HOSTS: readonly number[] = [PEER_PORT, MESH_PORT, AGENT_PORT]
