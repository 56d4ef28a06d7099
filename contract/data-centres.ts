import { z } from 'zod'
import { HostAddress } from './host-identity.ts'
import { DataCentreName, HostName } from './ids.ts'
import { route } from './route.ts'

/** A data centre, and where its visitors are led. */
export const DataCentre = z.strictObject({
  name: DataCentreName,
  address: HostAddress.nullable().describe('The address that its hosts share; null: each has its own only'),
  heldBy: z
    .array(HostName)
    .describe(
      'The host that the address leads to, as the hosts said last; two that do not hear each other both say so',
    ),
  hosts: z.array(HostName).describe('Its hosts, without witnesses'),
})
export type DataCentre = z.infer<typeof DataCentre>

const operators = (action: 'read' | 'manage') => ({ resource: 'platform', action }) as const

export const dataCentreRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/data-centres',
    summary: 'The data centres, the addresses that their hosts share, and what a name server should say',
    access: operators('read'),
    response: z.strictObject({
      dataCentres: z.array(DataCentre),
      addresses: z
        .array(HostAddress)
        .describe('Where a name server should lead the names of the platform and of its apps'),
    }),
  }),
  setAddress: route({
    method: 'PUT',
    path: '/v1/data-centres/{dataCentre}/address',
    summary: 'Give the hosts of a data centre an address to share, or take it from them',
    access: operators('manage'),
    recorded: { body: ['address'] },
    params: z.strictObject({ dataCentre: DataCentreName }),
    body: z.strictObject({
      address: HostAddress.nullable().describe('A free address in the network of its hosts; null: none'),
    }),
    response: DataCentre,
    idempotent: true,
  }),
}
