import { z } from 'zod'
import { Fleet } from './fleet.ts'
import { HostAddress, HostIdentity, HostRole } from './host-identity.ts'
import { HostView, HostWithInstances } from './host-view.ts'
import { DataCentreName, HostName, Instant } from './ids.ts'
import { Installation } from './installation.ts'
import { CertificatePem, CertificateRequestPem } from './membership.ts'
import { route } from './route.ts'

export const HOST_LIMITS = {
  invitationMinutes: 10,
  /** The clocks of a new host and of the control plane may differ by so much: certificates depend on both. */
  clockSkewS: 300,
  certificateDays: 7,
  /** So long a command stays with a host that is being emptied, unless it is told otherwise; the drain has no end of its own. */
  drainWaitMinutes: 30,
} as const

const secret = z
  .string()
  .min(1)
  .max(200)
  .describe('Of the link: what stands between # and the first full stop')
const machine = {
  token: secret,
  version: z.string().max(50).describe('Version of the program on the new host'),
  clock: Instant.describe("The new host's clock"),
}

export const InvitationRequest = z.strictObject({
  name: HostName,
  dataCentre: DataCentreName.optional().describe(
    'Its data centre; a new name begins one with this host (default: that of the host whose control plane answers)',
  ),
  role: HostRole.default('full'),
})

export type InvitationRequest = z.infer<typeof InvitationRequest>

export const Invitation = z.strictObject({
  name: HostName,
  dataCentre: DataCentreName,
  role: HostRole,
  link: z.string().describe('Shown this once; only its hash is kept'),
  command: z.string().describe('What to type on the new machine, as root'),
  expiresAt: Instant,
})
export type Invitation = z.infer<typeof Invitation>

/** What an invitation is for: a new host looks at itself with it before anything is changed. */
export const InvitationView = z.strictObject({
  installation: Installation,
  name: HostName,
  dataCentre: DataCentreName,
  role: HostRole,
})
export type InvitationView = z.infer<typeof InvitationView>

export const JoinRequest = z.strictObject({
  ...machine,
  request: CertificateRequestPem,
  address: HostAddress,
})
export type JoinRequest = z.infer<typeof JoinRequest>

/** All that a new host needs to be one. */
export const JoinAnswer = z.strictObject({
  installation: Installation,
  host: HostIdentity,
  certificate: CertificatePem,
  root: CertificatePem.describe("The installation's root certificate"),
  fleet: Fleet,
})
export type JoinAnswer = z.infer<typeof JoinAnswer>

const operators = (action: 'read' | 'manage') => ({ resource: 'platform', action }) as const
const named = z.strictObject({ host: HostName })
const secretHolders = { resource: 'public', action: 'create' } as const

export const hostRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/hosts',
    summary: 'The hosts of the installation',
    access: operators('read'),
    response: z.strictObject({ hosts: z.array(HostView) }),
  }),
  map: route({
    method: 'GET',
    path: '/v1/hosts/map',
    summary: 'Data centres, their hosts, and what runs on each',
    access: operators('read'),
    response: z.strictObject({
      dataCentres: z.array(
        z.strictObject({
          name: DataCentreName,
          address: HostAddress.nullable().describe('The address that its hosts share'),
          hosts: z.array(HostWithInstances),
        }),
      ),
    }),
  }),
  drain: route({
    method: 'POST',
    path: '/v1/hosts/{host}/drain',
    summary: 'Empty a host: its instances move to others while they serve, and it gets no new ones',
    access: operators('manage'),
    params: named,
    response: HostView,
    idempotent: true,
  }),
  undrain: route({
    method: 'POST',
    path: '/v1/hosts/{host}/undrain',
    summary: 'Let a host have instances again; they come back slowly',
    access: operators('manage'),
    params: named,
    response: HostView,
    idempotent: true,
  }),
  invite: route({
    method: 'POST',
    path: '/v1/hosts/invitations',
    summary: 'Make a one-time link with which one new host joins; the one before for this name stops working',
    access: operators('manage'),
    recorded: { body: ['name', 'dataCentre', 'role'] },
    body: InvitationRequest,
    response: Invitation,
    status: 201,
  }),
  look: route({
    method: 'POST',
    path: '/v1/hosts/invitations/view',
    summary: 'What an invitation is for; it stays valid',
    access: secretHolders,
    body: z.strictObject(machine),
    response: InvitationView,
  }),
  join: route({
    method: 'POST',
    path: '/v1/hosts/join',
    summary: 'Take an invitation: makes a host with a certificate for its key',
    access: secretHolders,
    recorded: { body: ['address'] },
    body: JoinRequest,
    response: JoinAnswer,
    status: 201,
  }),
  remove: route({
    method: 'DELETE',
    path: '/v1/hosts/{host}',
    summary: 'Remove a host: its certificate is refused from now on',
    access: operators('manage'),
    params: named,
    query: z.strictObject({
      lost: z
        .stringbool()
        .default(false)
        .describe('It will not come back: remove it although it ran something, and start that elsewhere'),
      last: z
        .stringbool()
        .default(false)
        .describe('Remove it although every app is in one data centre without it'),
      twoVoices: z
        .stringbool()
        .default(false)
        .describe(
          'Remove it although the store (etcd) is left with two members, of which neither can be missed',
        ),
      trial: z
        .stringbool()
        .default(false)
        .describe('Change nothing: only say whether the installation could go on without it'),
    }),
    response: z.strictObject({
      removed: HostName.nullable().describe('null after a trial, unless the host was removed before'),
    }),
  }),
}
